"""Value and all parameter gradients of a network, and of a SIREN its input gradient too, in closed form.

No graph is recorded and nothing is allocated: every product and every elementwise pass writes into
buffers sized for the processor's cache. The formulas, with ``c_l = cos(omega_0 z_l)``,
``h_l = sin(omega_0 z_l)`` and n rows of points:

forward        z_l = W_l h_{l-1} + b_l
gradient       g_{L-1} = W_L^T,  p_l = omega_0 c_l * g_l,  g_{l-1} = W_l^T p_l,  grad f = g_0

For a loss with adjoints ``fbar = dloss/df`` and ``gbar_0 = dloss/d(grad f)``:

up             dW_l += p_l^T gbar_{l-1},  pbar_l = gbar_{l-1} W_l^T,
               zbar_l = -omega_0^2 pbar_l * g_l * h_l,  gbar_l = omega_0 pbar_l * c_l
down           hbar_{L-1} = fbar W_L,  zbar_l += omega_0 hbar_l * c_l,  dW_l += zbar_l^T h_{l-1},
               db_l = sum zbar_l,  hbar_{l-1} = zbar_l W_l
output         dW_L = sum(fbar h_{L-1}^T + gbar_{L-1}),  db_L = sum fbar

Six matrix products per hidden layer where autograd's double backward needs the same six plus a
graph. autograd in float64 is the oracle in the tests. Where a loss reads the gradient at some of the points
only, they are the first rows, and what is for the gradient passes over no others.

Inside, omega_0 is folded into copies of the weights (``load``), and into the p, g and zbar below:
``p`` here is ``c * g`` and the factor omega_0 rides on the folded weights and on ``alpha=``. Values and their
adjoints need no more of an activation than that it is its own value h and slope c, so all have them; the
formulas for the gradient use that a sine's second derivative is ``-h``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from sdf_siren.fields.activations import Activation, Sine
from sdf_siren.fields.layers import Layer


@dataclass(frozen=True)
class ParameterGradients:
    """Sums of parameter gradients, shaped like the parameters.

    Attributes:
        flat: all of them in one tensor, of which the others are views.
        weights: one (fan_out, fan_in) tensor per layer.
        biases: one (fan_out,) tensor per layer.
    """

    flat: Tensor
    weights: list[Tensor]
    biases: list[Tensor]

    @classmethod
    def zeros_like(cls, weights: list[Tensor], biases: list[Tensor]) -> ParameterGradients:
        """Empty sums for parameters of these shapes."""
        parameters = [*weights, *biases]
        flat = weights[0].new_zeros(sum(p.numel() for p in parameters))
        parts = flat.split([p.numel() for p in parameters])
        views = [part.view_as(p) for part, p in zip(parts, parameters, strict=True)]
        return cls(flat, views[: len(weights)], views[len(weights) :])

    @property
    def tensors(self) -> list[Tensor]:
        """All weight gradients, then all bias gradients: the order of ``Siren.parameters``."""
        return [*self.weights, *self.biases]

    def zero(self) -> None:
        """Start a new sum."""
        self.flat.zero_()

    def add(self, other: ParameterGradients) -> None:
        """Add another sum to this one."""
        self.flat.add_(other.flat)


def _by_columns(like: Tensor) -> Tensor:
    """An empty matrix of the shape of ``like``; with more rows than columns, column lies after column.

    The first layer's has a column for each coordinate, and libraries vectorise products along what lies
    together in memory: three numbers at a time took three to five times as long as whole columns.
    """
    rows, columns = like.shape
    return like.new_empty(columns, rows).T if rows > columns else like.new_empty(rows, columns)


@dataclass(frozen=True)
class _Buffers:
    """What the sweeps write: one (rows, width) tensor per hidden layer, in the letters of the formulas.

    ``pbar * g`` takes the place of p, which is not needed any more by then, and the adjoints that travel up
    and down the layers alternate between the same two, each with its layer's width: what does not fit into
    the cache costs as much as the products.
    """

    h: list[Tensor]
    f: Tensor
    c: list[Tensor]
    p: list[Tensor]
    g: list[Tensor]
    up: list[Tensor]
    down: list[Tensor]


class _Rows:
    """The first rows of the buffers, and what the sweeps make of them.

    Made once for every number of rows: to make a view takes as long as a small product.

    Attributes:
        h, f, c, p, g, up, down: as in the buffers.
        p_transposed, down_transposed: of two of them.
        bend: for each hidden layer, overwrites the arguments in h with the activation there.
        bend_with_slope: the same, and writes the slope to c.
    """

    def __init__(self, buffers: _Buffers, n: int, activations: Sequence[Activation]) -> None:
        def first(tensors: list[Tensor]) -> list[Tensor]:
            return [t[:n] for t in tensors]

        self.h, self.c, self.f = first(buffers.h), first(buffers.c), buffers.f[:n]
        self.p, self.g = first(buffers.p), first(buffers.g)
        self.up, self.down = first(buffers.up), first(buffers.down)
        self.p_transposed, self.down_transposed = [p.T for p in self.p], [down.T for down in self.down]
        self.bend = [activation.in_place(h) for activation, h in zip(activations, self.h, strict=True)]
        trained = zip(activations, self.h, self.c, strict=True) if self.c else ()
        self.bend_with_slope = [activation.in_place(h, c) for activation, h, c in trained]


class _Folded:
    """Copies of the parameters below the output with the factors inside the activations multiplied in."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = layers
        self.weights = [_by_columns(layer.weight) for layer in layers]
        self.transposed = [weight.T for weight in self.weights]
        self.biases = [torch.empty_like(layer.bias) for layer in layers]

    def load(self) -> None:
        """Read the parameters."""
        for layer, weight, bias in zip(self._layers, self.weights, self.biases, strict=True):
            torch.mul(layer.weight, layer.scale, out=weight)
            torch.mul(layer.bias, layer.scale, out=bias)


class Workspace:
    """Buffers for at most ``rows`` points of a network with the given parameters.

    Call ``load`` after the parameters have changed, then ``value`` or ``value_and_gradient``, and
    then (for training) ``backward`` for the same points. Results are views into the buffers and
    live until the next call.

    Args:
        layers: from the coordinates to the output; weights and biases are read at ``load``.
        rows: the most points per call.
        gradient: whether ``backward`` will be called.
        beside: a workspace of the same layers whose ``load`` shall be this one's too.
    """

    def __init__(
        self, layers: Sequence[Layer], rows: int, *, gradient: bool = True, beside: Workspace | None = None
    ) -> None:
        self._layers, self.rows = layers, rows
        self._activations = [layer.activation.folded for layer in layers[:-1] if layer.activation]
        self._only_sines = all(isinstance(activation, Sine) for activation in self._activations)
        self._scales = [layer.scale for layer in layers]
        self._last, self._last_transposed = layers[-1], layers[-1].weight.T
        self._first_trained = next(k for k, layer in enumerate(layers) if layer.trained)
        widths = [len(layer.bias) for layer in layers]
        hidden, empty = widths[:-1], self._last.weight.new_empty
        self._folded: _Folded = _Folded(layers[:-1]) if beside is None else beside._folded
        self._first_gradient = _by_columns(layers[self._first_trained].weight)

        def buffers(sizes: list[int]) -> list[Tensor]:
            return [empty(rows, size) for size in sizes]

        two = [empty(rows * max(hidden)) for _ in range(2 if gradient else 0)]

        def travelling(parity: int) -> list[Tensor]:
            sized = enumerate(hidden if gradient else [])
            return [two[(layer + parity) % 2][: rows * w].view(rows, w) for layer, w in sized]

        inputs = layers[0].weight.shape[1]
        self._buffers = _Buffers(
            h=buffers(hidden),
            f=empty(rows, widths[-1]),
            c=buffers(hidden) if gradient else [],
            p=buffers(hidden) if gradient else [],
            g=buffers([inputs, *hidden[:-1]]) if gradient else [],
            up=travelling(0),
            down=travelling(1),
        )
        self._views: dict[int, _Rows] = {}
        self._x: Tensor | None = None

    def _rows(self, n: int) -> _Rows:
        """The first ``n`` rows of every buffer."""
        if n not in self._views:
            self._views[n] = _Rows(self._buffers, n, self._activations)
        return self._views[n]

    def new_gradients(self) -> ParameterGradients:
        """Zeroed sums for ``backward`` to add to."""
        trained = self._layers[self._first_trained :]
        return ParameterGradients.zeros_like([la.weight for la in trained], [la.bias for la in trained])

    def load(self) -> None:
        """Read the parameters and fold the factors inside the activations into the copies."""
        self._folded.load()

    def value(self, x: Tensor) -> Tensor:
        """Values (n, c) at ``x`` (n, d), n <= rows; no state for ``backward`` is kept."""
        rows = self._rows(x.shape[0])
        return self._forward(x, rows, rows.bend)

    def value_for_training(self, x: Tensor) -> Tensor:
        """Values (n, c) at ``x`` (n, d), to be followed by ``backward(fbar)``; keeps the slopes."""
        self._x, rows = x, self._rows(x.shape[0])
        return self._forward(x, rows, rows.bend_with_slope)

    def _forward(self, x: Tensor, rows: _Rows, bend: Sequence[Callable[[], object]]) -> Tensor:
        h = x
        for layer, z in enumerate(rows.h):
            torch.addmm(self._folded.biases[layer], h, self._folded.transposed[layer], out=z)
            bend[layer]()
            h = z
        return torch.addmm(self._last.bias, h, self._last_transposed, out=rows.f)

    def value_and_gradient(self, x: Tensor, first: int | None = None) -> tuple[Tensor, Tensor]:
        """Values (n, 1) and input gradients (m, d) at ``x`` (n, d), of sine layers alone.

        Args:
            x: the points.
            first: m, of how many of them, from the first on, the gradient is wanted; None is of all.
        """
        assert self._only_sines
        f, rows = self.value_for_training(x), self._rows(x.shape[0] if first is None else first)
        g = self._last.weight
        for layer in reversed(range(len(rows.h))):
            p = torch.mul(rows.c[layer], g, out=rows.p[layer])
            g = torch.mm(p, self._folded.weights[layer], out=rows.g[layer])
        return f, g

    def backward(self, into: ParameterGradients, fbar: Tensor, gbar: Tensor | None = None) -> None:
        """Add the parameter gradients of a loss with the given adjoints.

        Args:
            into: the sums to add to.
            fbar: (n, c), the loss differentiated by the values.
            gbar: (m, d), the loss differentiated by the input gradients, after
                ``value_and_gradient``; None after ``value_for_training``.
        """
        assert self._x is not None, "backward follows a forward call"
        x, first, scales = self._x, self._first_trained, self._scales
        rows = self._rows(fbar.shape[0])
        sloped = rows if gbar is None else self._rows(gbar.shape[0])
        dW, db = [self._first_gradient.zero_(), *into.weights[1:]], into.biases
        if gbar is not None:
            for layer in range(len(sloped.h)):
                dW[layer].addmm_(sloped.p_transposed[layer], gbar, alpha=scales[layer])
                pbar = torch.mm(gbar, self._folded.transposed[layer], out=sloped.up[layer])
                above = sloped.g[layer + 1] if layer + 1 < len(sloped.h) else self._last.weight
                torch.mul(pbar, above, out=sloped.p[layer])
                gbar = pbar.mul_(sloped.c[layer])
            dW[-1].add_(gbar.sum(dim=0, keepdim=True))
        dW[-1].addmm_(fbar.T, rows.h[-1])
        db[-1].add_(fbar.sum(dim=0))
        hbar = torch.mm(fbar, self._last.weight, out=rows.down[-1])
        for layer in reversed(range(first, len(rows.h))):
            total, transposed = hbar.mul_(rows.c[layer]), rows.down_transposed[layer]
            if gbar is not None:
                sloped.down[layer].addcmul_(sloped.p[layer], sloped.h[layer], value=-1)
            dW[layer - first].addmm_(transposed, rows.h[layer - 1] if layer else x, alpha=scales[layer])
            db[layer - first].add_(total.sum(dim=0), alpha=scales[layer])
            if layer > first:
                hbar = torch.mm(total, self._folded.weights[layer], out=rows.down[layer - 1])
        into.weights[0].add_(self._first_gradient)
