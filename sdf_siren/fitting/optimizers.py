"""First-order optimizers over plain tensors, with state that a checkpoint can hold.

``step`` takes the gradients that the closed form computed; there is no autograd to ask for them. What changes
from step to step are numbers in tensors, so that a GPU can replay a step (:mod:`sdf_siren.fitting.replay`).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Protocol

import torch
from torch import Tensor

from sdf_siren.fields.threads import branches, drain, workers

State = dict[str, Tensor]

SIDES = ("left", "right")
"""Of a matrix, in the order of its axes."""


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


class _Alike:
    """Parameters of one shape: what is done to all of them at once takes fewer calls.

    Attributes:
        indices: which parameters they are.
        averages: running averages and what follows from them, by name: (len(indices), ...).
        gradient, direction: of this step, (len(indices), *shape).
    """

    def __init__(self, indices: list[int], numbers: dict[str, Tensor]) -> None:
        self.indices = indices
        self.gradient, self.direction = numbers["gradient"], numbers["direction"]
        self.averages = {name: numbers[name] for name in ("mean", "square")}
        self._half = torch.empty_like(self.gradient)

    def into_bases(self, matrices: Tensor) -> None:
        """Turn ``matrices`` (len(indices), *shape) in place, from the parameters' axes to the bases."""
        self._turn(self.averages["left_basis"].mT, matrices, self.averages["right_basis"])

    def out_of_bases(self, matrices: Tensor) -> None:
        """The way back."""
        self._turn(self.averages["left_basis"], matrices, self.averages["right_basis"].mT)

    def _turn(self, left: Tensor, matrices: Tensor, right: Tensor) -> None:
        torch.bmm(torch.bmm(left, matrices, out=self._half), right, out=matrices)


class _Averages:
    """Running averages of gradients, and the number of steps done.

    What is done to every number by itself is done to those of all parameters at once: ``_numbers`` has
    them one parameter after another, parameters of one shape together.
    """

    def __init__(self, parameters: list[Tensor], betas: tuple[float, float], epsilon: float) -> None:
        self._parameters, self._betas, self._epsilon = parameters, betas, epsilon
        self._steps = parameters[0].new_zeros((), dtype=torch.float64)
        shapes: dict[torch.Size, list[int]] = {}
        for i, parameter in enumerate(parameters):
            shapes.setdefault(parameter.shape, []).append(i)
        count = sum(parameter.numel() for parameter in parameters)
        names = ("mean", "square", "gradient", "direction")
        self._numbers = {name: parameters[0].new_zeros(count) for name in names}
        self._alike: list[_Alike] = []
        start = 0
        for shape, indices in shapes.items():
            part = slice(start, start + len(indices) * shape.numel())
            parts = {n: t[part].view(len(indices), *shape) for n, t in self._numbers.items()}
            self._alike.append(_Alike(indices, parts))
            start = part.stop
        self._order = [i for some in self._alike for i in some.indices]

    def _take(self, rate: Tensor | float, gradients: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Begin a step; returns the factor of ``mean / sqrt(square)`` in it and the divisor of ``square``.

        Both correct for averages that began at zero.
        """
        torch.cat([gradients[i].flatten() for i in self._order], out=self._numbers["gradient"])
        self._steps.add_(1)
        first, second = (1 - beta**self._steps for beta in self._betas)
        like = self._parameters[0]
        return (rate / first).to(like.dtype), second.to(like.dtype)

    def _beside_each_other(self, alike: list[_Alike]) -> Iterator[_Alike]:
        """Parameters of one shape after another; a GPU does what is done to them beside each other."""
        with branches(self._steps.device, len(alike)) as each:
            for some, branch in zip(alike, each, strict=True):
                with branch:
                    yield some

    def _adapt(self, divisor: Tensor) -> None:
        """Count the gradient in the averages, and make the direction of them; overwrites the gradient."""
        mean, square, gradient = (self._numbers[name] for name in ("mean", "square", "gradient"))
        mean.lerp_(gradient, 1 - self._betas[0])
        square.mul_(self._betas[1]).addcmul_(gradient, gradient, value=1 - self._betas[1])
        root = torch.div(square, divisor, out=gradient).sqrt_().add_(self._epsilon)
        torch.div(mean, root, out=self._numbers["direction"])

    def _move(self, way: Tensor) -> None:
        for some in self._alike:
            for i, direction in zip(some.indices, some.direction.unbind(), strict=True):
                self._parameters[i].addcmul_(direction, way, value=-1)

    def state(self) -> State:
        return {"steps": self._steps, **self._named()}

    def _named(self) -> State:
        return {
            f"{name}.{i}": tensor
            for some in self._alike
            for name, tensors in some.averages.items()
            for i, tensor in zip(some.indices, tensors.unbind(), strict=True)
        }

    def restore(self, state: State) -> None:
        self._steps.copy_(state["steps"])
        for name, tensor in self._named().items():
            tensor.copy_(state[name])


class Adam(_Averages):
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
        way, second = self._take(rate, gradients)
        self._adapt(second)
        self._move(way)


class Soap(_Averages):
    """Adam in the eigenbasis of Shampoo's preconditioner (SOAP, Vyas et al. 2024, arXiv 2409.11321).

    Weight matrices are rotated into the eigenvectors of the running averages of G G^T and G^T G,
    which one step of power iteration with a QR decomposition keeps current (algorithm 4 of the
    paper); vectors get plain Adam. The very first step only measures the gradients.

    The average gradient is kept in the bases, where every step reads it, and turned when they change.
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
        self._matrices = [some for some in self._alike if some.gradient.ndim == 3]
        for some in self._matrices:
            for side, size in zip(SIDES, some.gradient.shape[1:], strict=True):
                some.averages[side] = some.gradient.new_zeros(len(some.indices), size, size)
                some.averages[f"{side}_basis"] = (
                    torch.eye(size).to(some.gradient).repeat(len(some.indices), 1, 1)
                )

    def program(self, number: int) -> Hashable:
        """See :class:`Optimizer`."""
        if number == 0:
            return "first"
        return "refresh" if (number + 1) % self._refresh == 0 else "plain"

    def step(self, gradients: list[Tensor], rate: Tensor | float, number: int) -> None:
        """See :class:`Optimizer`."""
        program, beta = self.program(number), self._betas[1]
        way, second = self._take(0.0 if program == "first" else rate, gradients)
        for some in self._beside_each_other(self._matrices):
            gradient, transposed = some.gradient, some.gradient.mT
            some.averages["left"].baddbmm_(gradient, transposed, beta=beta, alpha=1 - beta)
            some.averages["right"].baddbmm_(transposed, gradient, beta=beta, alpha=1 - beta)
        if program != "plain":
            self._turn_bases(first=program == "first")
        for some in self._beside_each_other(self._matrices):
            some.into_bases(some.gradient)
        self._adapt(second)
        for some in self._beside_each_other(self._matrices):
            some.out_of_bases(some.direction)
        self._move(way)

    def _turn_bases(self, *, first: bool) -> None:
        """Bring all bases up to date, and the averages along.

        Bases are shared out to as many threads as torch is allowed, each to one thread alone, so that the
        result does not depend on their number. What else a step does is too little to be shared out. A GPU
        does them beside each other: QR decompositions of one batch it does one after another.
        """
        bases = [
            (some, side, k) for some in self._matrices for side in SIDES for k in range(len(some.indices))
        ]
        bases.sort(key=lambda basis: -basis[0].averages[basis[1]].shape[1])  # none is begun when others end
        orders: list[Tensor | None] = [None] * len(bases)

        def work(_: None, task: int) -> None:
            some, side, k = bases[task]
            average, basis = some.averages[side][k], some.averages[f"{side}_basis"][k]
            with each[task]:
                if first:
                    basis.copy_(torch.linalg.eigh(average)[1])
                else:
                    orders[task] = _refresh_basis(average, basis)

        for some in self._matrices:
            some.out_of_bases(some.averages["mean"])
        with branches(self._steps.device, len(bases)) as each:
            drain(len(bases), work, [None] * workers(self._steps.device))
        for some in self._matrices:
            some.into_bases(some.averages["mean"])
        for (some, side, k), order in zip(bases, orders, strict=True):
            square = some.averages["square"][k]
            if order is not None:
                square.copy_(square.index_select(SIDES.index(side), order))


def _refresh_basis(average: Tensor, basis: Tensor) -> Tensor:
    """One power iteration on ``basis`` in place; returns the order in which its columns now stand."""
    powered = average @ basis
    order = torch.argsort((basis * powered).sum(dim=0), descending=True)
    basis.copy_(torch.linalg.qr(powered[:, order])[0])
    return order
