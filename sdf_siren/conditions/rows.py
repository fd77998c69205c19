"""Rows: linear conditions on a field at points, in one language for every signal.

    alpha u + beta . grad u + gamma : hess u = target

"The surface has value zero", "the gradient is the normal", a pixel's value, Dirichlet, Neumann and Robin data
and the interior of a differential equation are all such rows. A least-squares solver solves them exactly for
a linear output layer; other solvers minimise their residuals.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from sdf_siren.jets import Jet


@dataclass(frozen=True, eq=False)
class Rows:
    """Conditions at n points of d coordinates; a coefficient that is None is zero everywhere.

    Attributes:
        x: points (n, d), float64.
        target: right-hand sides (n,), float64 or complex128.
        alpha: of the value, (n,).
        beta: of the gradient, (n, d).
        gamma: of the Hessian, (n, d, d), symmetric.
    """

    x: Tensor
    target: Tensor
    alpha: Tensor | None = None
    beta: Tensor | None = None
    gamma: Tensor | None = None

    def __post_init__(self) -> None:
        n, d = self.x.shape
        found = {"target": self.target, "alpha": self.alpha, "beta": self.beta, "gamma": self.gamma}
        expected = {"target": (n,), "alpha": (n,), "beta": (n, d), "gamma": (n, d, d)}
        for name, tensor in found.items():
            if tensor is not None and tensor.shape != expected[name]:
                raise ValueError(f"rows: expected {name} {expected[name]}, found {tuple(tensor.shape)}")

    def __len__(self) -> int:
        return len(self.x)

    @property
    def is_complex(self) -> bool:
        """Whether any coefficient or target is."""
        parts = (self.target, self.alpha, self.beta, self.gamma)
        return any(part is not None and part.is_complex() for part in parts)

    def of(self, jet: Jet) -> Tensor:
        """The left-hand sides (n,) for a function given by its jet at ``x``."""
        total = torch.zeros_like(jet.value)
        if self.alpha is not None:
            total = total + self.alpha * jet.value
        if self.beta is not None:
            total = total + (self.beta * jet.gradient).sum(1)
        if self.gamma is not None:
            total = total + (self.gamma * jet.hessian).sum((1, 2))
        return total

    def minus(self, jet: Jet) -> Rows:
        """What remains to be asked of v where u = jet + v."""
        return replace(self, target=self.target - self.of(jet))

    def of_factor(self, factor: Jet) -> Rows:
        """The same conditions on v where u = factor v, by the product rule."""
        alpha = self.of(factor)
        beta, gamma = None, None
        if self.beta is not None:
            beta = factor.value[:, None] * self.beta
        if self.gamma is not None:
            mixed = 2 * torch.einsum("nij,nj->ni", self.gamma, factor.gradient.to(self.gamma.dtype))
            beta = mixed if beta is None else beta + mixed
            gamma = factor.value[:, None, None] * self.gamma
        return Rows(self.x, self.target, alpha, beta, gamma)

    def times(self, weight: Tensor | float) -> Rows:
        """Both sides multiplied by a number or by one per row (n,)."""
        w = torch.as_tensor(weight, dtype=torch.float64, device=self.x.device).expand(len(self))

        def scaled(tensor: Tensor | None) -> Tensor | None:
            return None if tensor is None else tensor * w.view(-1, *[1] * (tensor.ndim - 1))

        return Rows(self.x, self.target * w, scaled(self.alpha), scaled(self.beta), scaled(self.gamma))
