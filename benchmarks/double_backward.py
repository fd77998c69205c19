"""The training step that the closed form replaces: a SIREN as a torch module, and autograd twice."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sdf_siren.clouds.groups import PointGroup
from sdf_siren.fields import Siren
from sdf_siren.losses import Eikonal, Normal, Objective, Surface, WeightedTerm

SURFACE, NORMAL, EIKONAL = 3e3, 1e2, 1e1
"""Weights of the losses; the fast recipe's."""

SURFACE_SMOOTHING, NORMAL_SMOOTHING = 1e-4, 5e-3


def objective() -> Objective:
    """The losses of scan points, for the closed form."""
    return Objective(
        (
            WeightedTerm(Surface(SURFACE_SMOOTHING), SURFACE),
            WeightedTerm(Normal(NORMAL_SMOOTHING), NORMAL),
            WeightedTerm(Eikonal(groups=("surface",)), EIKONAL),
        )
    )


class SirenModule(nn.Module):
    """The same network as ``siren``, with parameters of its own for autograd."""

    def __init__(self, siren: Siren) -> None:
        super().__init__()
        self._omega = siren.shape.omega_0
        self.weights = nn.ParameterList(w.clone() for w in siren.weights)
        self.biases = nn.ParameterList(b.clone() for b in siren.biases)

    def forward(self, x: Tensor) -> Tensor:
        """Values (n, 1) at points (n, 3)."""
        layers = list(zip(self.weights, self.biases, strict=True))
        for weight, bias in layers[:-1]:
            x = torch.sin(self._omega * nn.functional.linear(x, weight, bias))
        return nn.functional.linear(x, *layers[-1])

    def gradients(self) -> Tensor:
        """All weight gradients, then all bias gradients, in one vector."""
        return torch.cat([p.grad.reshape(-1) for p in self.parameters() if p.grad is not None])


def step(module: SirenModule, points: PointGroup, rows: int) -> None:
    """Value, gradient and parameter gradients of :func:`objective`'s losses, ``rows`` points at a time."""
    module.zero_grad(set_to_none=False)
    counts = [min(rows, len(points) - start) for start in range(0, len(points), rows)]
    for part in points.split(counts):
        assert part.normals is not None
        x = part.x.detach().requires_grad_()
        f = module(x)
        (g,) = torch.autograd.grad(f.sum(), x, create_graph=True)
        error = (g - part.normals).norm(dim=1, keepdim=True)
        loss = (
            SURFACE * _softened(f, SURFACE_SMOOTHING)
            + NORMAL * _softened(error, NORMAL_SMOOTHING)
            + EIKONAL * (g.norm(dim=1, keepdim=True) - 1).abs()
        )
        (loss.sum() / len(points)).backward()


def _softened(x: Tensor, smoothing: float) -> Tensor:
    return torch.sqrt(x.square() + smoothing * smoothing) - smoothing
