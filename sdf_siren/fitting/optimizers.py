"""First-order optimizers over plain tensors, with state that a checkpoint can hold.

``step`` takes the gradients that the closed form computed; there is no autograd to ask for them. What changes
from step to step are numbers in tensors, so that a GPU can replay a step (:mod:`sdf_siren.fitting.replay`).
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Protocol

import torch
from torch import Tensor

State = dict[str, Tensor]


class Optimizer(Protocol):
    """Changes parameters in place."""

    def program(self, number: int) -> Hashable:
        """Which operations step ``number`` does: where it is equal they are."""
        ...

    def step(self, gradients: list[Tensor], rate: Tensor | float, number: int) -> None:
        """One update.

        Args:
            gradients: by the parameters, in their order.
            rate: the learning rate, 0-dimensional.
            number: of this step; the first is 0.
        """
        ...

    def state(self) -> State:
        """Everything that the next step depends on, by name."""
        ...

    def restore(self, state: State) -> None:
        """Go on from what :meth:`state` returned."""
        ...


class _TensorState:
    """State as named lists of tensors, one entry per parameter, and the number of steps done."""

    def __init__(self, parameters: list[Tensor], betas: tuple[float, float], epsilon: float) -> None:
        self._parameters, self._betas, self._epsilon = parameters, betas, epsilon
        self._steps = parameters[0].new_zeros((), dtype=torch.float64)
        zeros = {name: [torch.zeros_like(p) for p in parameters] for name in ("mean", "square")}
        self._lists: dict[str, list[Tensor]] = zeros

    def _one_more(self) -> tuple[Tensor, Tensor]:
        """Count a step; what averages that began at zero are to be divided by, for both betas."""
        self._steps.add_(1)
        first, second = (1 - beta**self._steps for beta in self._betas)
        like = self._parameters[0]
        return first.to(like.dtype), second.to(like.dtype)

    def _move(self, parameter: Tensor, direction: Tensor, rate: Tensor | float) -> None:
        parameter.sub_(direction.mul_(rate))

    def state(self) -> State:
        named = {f"{name}.{i}": t for name, tensors in self._lists.items() for i, t in enumerate(tensors)}
        return {"steps": self._steps, **named}

    def restore(self, state: State) -> None:
        self._steps.copy_(state["steps"])
        for name, tensors in self._lists.items():
            for i, tensor in enumerate(tensors):
                tensor.copy_(state[f"{name}.{i}"])


class Adam(_TensorState):
    """Adam (Kingma and Ba 2015, arXiv 1412.6980)."""

    def __init__(
        self, parameters: list[Tensor], betas: tuple[float, float] = (0.9, 0.999), epsilon: float = 1e-8
    ) -> None:
        super().__init__(parameters, betas, epsilon)

    def program(self, number: int) -> Hashable:
        """See :class:`Optimizer`."""
        return "plain"

    def step(self, gradients: list[Tensor], rate: Tensor | float, number: int) -> None:
        """See :class:`Optimizer`."""
        corrections = self._one_more()
        rows = zip(self._parameters, gradients, self._lists["mean"], self._lists["square"], strict=True)
        for parameter, gradient, mean, square in rows:
            _adam_moments(mean, square, gradient, self._betas)
            self._move(parameter, _adam_direction(mean, square, corrections, self._epsilon), rate)


class Soap(_TensorState):
    """Adam in the eigenbasis of Shampoo's preconditioner (SOAP, Vyas et al. 2024, arXiv 2409.11321).

    Weight matrices are rotated into the eigenvectors of the running averages of G G^T and G^T G,
    which one step of power iteration with a QR decomposition keeps current (algorithm 4 of the
    paper); vectors get plain Adam. The very first step only measures the gradients.
    """

    def __init__(
        self,
        parameters: list[Tensor],
        betas: tuple[float, float] = (0.95, 0.95),
        epsilon: float = 1e-8,
        refresh: int = 10,
    ) -> None:
        super().__init__(parameters, betas, epsilon)
        self._refresh = refresh
        matrices = [p for p in parameters if p.ndim == 2]
        for side, axis in (("left", 0), ("right", 1)):
            self._lists[side] = [p.new_zeros(p.shape[axis], p.shape[axis]) for p in matrices]
            self._lists[f"{side}_basis"] = [torch.eye(p.shape[axis]).to(p) for p in matrices]

    def program(self, number: int) -> Hashable:
        """See :class:`Optimizer`."""
        if number == 0:
            return "first"
        return "refresh" if (number + 1) % self._refresh == 0 else "plain"

    def step(self, gradients: list[Tensor], rate: Tensor | float, number: int) -> None:
        """See :class:`Optimizer`."""
        program, corrections, matrix = self.program(number), self._one_more(), 0
        for i, (parameter, gradient) in enumerate(zip(self._parameters, gradients, strict=True)):
            mean, square = self._lists["mean"][i], self._lists["square"][i]
            if parameter.ndim == 2:
                turn = self._bases(matrix, gradient, square, program)
                direction = self._rotated_direction(turn, gradient, mean, square, corrections)
                matrix += 1
            else:
                _adam_moments(mean, square, gradient, self._betas)
                direction = _adam_direction(mean, square, corrections, self._epsilon)
            if program != "first":
                self._move(parameter, direction, rate)

    def _bases(
        self, matrix: int, gradient: Tensor, square: Tensor, program: Hashable
    ) -> tuple[Tensor, Tensor]:
        """The current bases of a matrix, ``square`` in their order."""
        left, right = self._lists["left"][matrix], self._lists["right"][matrix]
        left_basis, right_basis = self._lists["left_basis"][matrix], self._lists["right_basis"][matrix]
        left.lerp_(gradient @ gradient.T, 1 - self._betas[1])
        right.lerp_(gradient.T @ gradient, 1 - self._betas[1])
        if program == "first":
            left_basis.copy_(torch.linalg.eigh(left)[1])
            right_basis.copy_(torch.linalg.eigh(right)[1])
        elif program == "refresh":
            square.copy_(square[_refresh_basis(left, left_basis)])
            square.copy_(square[:, _refresh_basis(right, right_basis)])
        return left_basis, right_basis

    def _rotated_direction(
        self,
        bases: tuple[Tensor, Tensor],
        gradient: Tensor,
        mean: Tensor,
        square: Tensor,
        corrections: tuple[Tensor, Tensor],
    ) -> Tensor:
        left, right = bases
        mean.lerp_(gradient, 1 - self._betas[0])
        rotated = left.T @ gradient @ right
        square.mul_(self._betas[1]).addcmul_(rotated, rotated, value=1 - self._betas[1])
        direction = _adam_direction(left.T @ mean @ right, square, corrections, self._epsilon)
        return left @ direction @ right.T


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
    mean: Tensor, square: Tensor, corrections: tuple[Tensor, Tensor], epsilon: float
) -> Tensor:
    root = (square / corrections[1]).sqrt_().add_(epsilon)
    return (mean / corrections[0]).div_(root)
