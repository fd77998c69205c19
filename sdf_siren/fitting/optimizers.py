"""First-order optimizers over plain tensors, with state that a checkpoint can hold.

``step`` takes the gradients that the closed form computed; there is no autograd to ask for them.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

State = dict[str, Tensor]


class Optimizer(Protocol):
    """Changes parameters in place."""

    def step(self, gradients: list[Tensor], rate: float) -> None:
        """One update with the given learning rate; ``gradients`` match the parameters."""
        ...

    def state(self) -> State:
        """Everything that the next step depends on, by name."""
        ...

    def restore(self, state: State) -> None:
        """Go on from what :meth:`state` returned."""
        ...


class _TensorState:
    """State as named lists of tensors, one entry per parameter, and a step count."""

    def __init__(self) -> None:
        self._steps = 0
        self._lists: dict[str, list[Tensor]] = {}

    def state(self) -> State:
        named = {f"{name}.{i}": t for name, tensors in self._lists.items() for i, t in enumerate(tensors)}
        return {"steps": torch.tensor(self._steps), **named}

    def restore(self, state: State) -> None:
        self._steps = int(state["steps"])
        for name, tensors in self._lists.items():
            for i, tensor in enumerate(tensors):
                tensor.copy_(state[f"{name}.{i}"])


class Adam(_TensorState):
    """Adam (Kingma and Ba 2015, arXiv 1412.6980)."""

    def __init__(
        self, parameters: list[Tensor], betas: tuple[float, float] = (0.9, 0.999), epsilon: float = 1e-8
    ) -> None:
        super().__init__()
        self._parameters, self._betas, self._epsilon = parameters, betas, epsilon
        self._lists["mean"] = [torch.zeros_like(p) for p in parameters]
        self._lists["square"] = [torch.zeros_like(p) for p in parameters]

    def step(self, gradients: list[Tensor], rate: float) -> None:
        """One update; see :class:`Optimizer`."""
        self._steps += 1
        rows = zip(self._parameters, gradients, self._lists["mean"], self._lists["square"], strict=True)
        for parameter, gradient, mean, square in rows:
            _adam_moments(mean, square, gradient, self._betas)
            parameter.sub_(_adam_direction(mean, square, self._steps, self._betas, self._epsilon), alpha=rate)


class Soap(_TensorState):
    """Adam in the eigenbasis of Shampoo's preconditioner (SOAP, Vyas et al. 2024, arXiv 2409.11321).

    Weight matrices are rotated into the eigenvectors of the running averages of G G^T and G^T G,
    which one step of power iteration with a QR decomposition keeps current (algorithm 4 of the
    paper); vectors get plain Adam.
    """

    def __init__(
        self,
        parameters: list[Tensor],
        betas: tuple[float, float] = (0.95, 0.95),
        epsilon: float = 1e-8,
        refresh: int = 10,
    ) -> None:
        super().__init__()
        self._parameters, self._betas, self._epsilon, self._refresh = parameters, betas, epsilon, refresh
        self._lists["mean"] = [torch.zeros_like(p) for p in parameters]
        self._lists["square"] = [torch.zeros_like(p) for p in parameters]
        matrices = [p for p in parameters if p.ndim == 2]
        for side, axis in (("left", 0), ("right", 1)):
            self._lists[side] = [p.new_zeros(p.shape[axis], p.shape[axis]) for p in matrices]
            self._lists[f"{side}_basis"] = [torch.eye(p.shape[axis]).to(p) for p in matrices]

    def step(self, gradients: list[Tensor], rate: float) -> None:
        """One update; see :class:`Optimizer`. The very first call only measures the gradients."""
        self._steps += 1
        matrix = 0
        for i, (parameter, gradient) in enumerate(zip(self._parameters, gradients, strict=True)):
            mean, square = self._lists["mean"][i], self._lists["square"][i]
            if parameter.ndim == 2:
                direction = self._matrix_direction(matrix, gradient, mean, square)
                matrix += 1
            else:
                _adam_moments(mean, square, gradient, self._betas)
                direction = _adam_direction(mean, square, self._steps, self._betas, self._epsilon)
            if self._steps > 1:
                parameter.sub_(direction, alpha=rate)

    def _matrix_direction(self, matrix: int, gradient: Tensor, mean: Tensor, square: Tensor) -> Tensor:
        left, right = self._lists["left"][matrix], self._lists["right"][matrix]
        left_basis, right_basis = self._lists["left_basis"][matrix], self._lists["right_basis"][matrix]
        decay = self._betas[1]
        left.lerp_(gradient @ gradient.T, 1 - decay)
        right.lerp_(gradient.T @ gradient, 1 - decay)
        if self._steps == 1:
            left_basis.copy_(torch.linalg.eigh(left)[1])
            right_basis.copy_(torch.linalg.eigh(right)[1])
        elif self._steps % self._refresh == 0:
            square.copy_(square[_refresh_basis(left, left_basis)])
            square.copy_(square[:, _refresh_basis(right, right_basis)])
        mean.lerp_(gradient, 1 - self._betas[0])
        rotated = left_basis.T @ gradient @ right_basis
        square.mul_(decay).addcmul_(rotated, rotated, value=1 - decay)
        direction = _adam_direction(
            left_basis.T @ mean @ right_basis, square, self._steps, self._betas, self._epsilon
        )
        return left_basis @ direction @ right_basis.T


def _refresh_basis(average: Tensor, basis: Tensor) -> Tensor:
    """One power iteration on ``basis`` in place; returns the order in which its columns now stand."""
    estimate = torch.einsum("ij,ij->j", basis, average @ basis)
    order = torch.argsort(estimate, descending=True)
    basis.copy_(torch.linalg.qr(average @ basis[:, order])[0])
    return order


def _adam_moments(mean: Tensor, square: Tensor, gradient: Tensor, betas: tuple[float, float]) -> None:
    mean.lerp_(gradient, 1 - betas[0])
    square.mul_(betas[1]).addcmul_(gradient, gradient, value=1 - betas[1])


def _adam_direction(
    mean: Tensor, square: Tensor, steps: int, betas: tuple[float, float], epsilon: float
) -> Tensor:
    root = (square / (1 - betas[1] ** steps)).sqrt_().add_(epsilon)
    return (mean / (1 - betas[0] ** steps)).div_(root)
