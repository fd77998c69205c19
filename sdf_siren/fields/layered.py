"""What every field made of layers can do: rows, their adjoints and the Laplacian, by the sweeps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor

from sdf_siren.fields.adjoint import row_gradients, row_jacobian
from sdf_siren.fields.closed_form import ParameterGradients, Workspace
from sdf_siren.fields.layers import Layer
from sdf_siren.fields.sweeps import channels, hidden_rows, over_chunks, rows
from sdf_siren.fields.threads import in_chunks

EVALUATION_ROWS = 2048
"""Rows evaluated at once: large enough for the matrix products, small enough for the cache."""

GPU_EVALUATION_ROWS = 262_144


class LayeredField(ABC):
    """A multilayer perceptron; what its methods take is explained at the functions of the same names."""

    weights: list[Tensor]
    biases: list[Tensor]

    @property
    @abstractmethod
    def layers(self) -> list[Layer]:
        """From the coordinates to the output, sharing the parameters' storage."""

    @property
    def parameters(self) -> list[Tensor]:
        """All weights, then all biases."""
        return [*self.weights, *self.biases]

    @property
    def parameter_count(self) -> int:
        """Number of weights and biases."""
        return sum(p.numel() for p in self.parameters)

    @property
    def dtype(self) -> torch.dtype:
        """The floating-point type of the parameters."""
        return self.weights[0].dtype

    @property
    def device(self) -> torch.device:
        """Where the parameters live."""
        return self.weights[0].device

    @property
    def outputs(self) -> int:
        """Number of channels."""
        return len(self.biases[-1])

    def value(self, x: Tensor) -> Tensor:
        """Values (n, outputs) at points ``x`` (n, inputs)."""
        out = torch.empty(len(x), self.outputs, dtype=self.dtype, device=self.device)

        def work(workspace: Workspace, rows: slice) -> None:
            out[rows] = workspace.value(x[rows])

        self.in_workspaces(len(x), work, gradient=False)
        return out

    def in_workspaces(self, n: int, work: Callable[[Workspace, slice], None], *, gradient: bool) -> None:
        """Call ``work`` for slices that cover ``n`` rows, on as many threads as torch is allowed."""
        rows = GPU_EVALUATION_ROWS if self.device.type != "cpu" else EVALUATION_ROWS

        def loaded() -> Workspace:
            workspace = self.workspace(min(rows, max(1, n)), gradient=gradient)
            workspace.load()
            return workspace

        in_chunks(n, rows, self.device, work, loaded)

    @abstractmethod
    def to(
        self, *, dtype: torch.dtype | None = None, device: torch.device | str | None = None
    ) -> LayeredField:
        """A copy with other storage."""

    def workspace(self, rows: int, *, gradient: bool = True, beside: Workspace | None = None) -> Workspace:
        """Preallocated buffers for ``rows`` points at a time; see :mod:`sdf_siren.fields.closed_form`."""
        return Workspace(self.layers, rows, gradient=gradient, beside=beside)

    def laplacian(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Values (n, c), Jacobians (n, c, d) and Laplacians (n, c) at ``x`` (n, d), in one forward sweep."""
        value, laplacian = (x.new_empty(len(x), self.outputs) for _ in range(2))
        jacobian, layers = x.new_empty(len(x), self.outputs, x.shape[1]), self.layers

        def work(part: slice) -> None:
            value[part], jacobian[part], laplacian[part] = channels(layers, x[part])

        over_chunks(layers, x, 2, work)
        return value, jacobian, laplacian

    def hidden_rows(
        self,
        x: Tensor,
        alpha: Tensor | None = None,
        beta: Tensor | None = None,
        gamma: Tensor | None = None,
    ) -> Tensor:
        """:func:`~sdf_siren.fields.sweeps.hidden_rows` (n, width + 1)."""
        return hidden_rows(self.layers, x, alpha, beta, gamma)

    def rows(
        self,
        x: Tensor,
        alpha: Tensor | None = None,
        beta: Tensor | None = None,
        gamma: Tensor | None = None,
    ) -> Tensor:
        """:func:`~sdf_siren.fields.sweeps.rows` (n, outputs)."""
        return rows(self.layers, x, alpha, beta, gamma)

    def row_gradients(
        self, x: Tensor, alpha: Tensor | None, beta: Tensor | None, gamma: Tensor | None, rbar: Tensor
    ) -> ParameterGradients:
        """:func:`~sdf_siren.fields.adjoint.row_gradients`, in the order of ``parameters``."""
        return row_gradients(self.layers, x, alpha, beta, gamma, rbar)

    def row_jacobian(
        self,
        x: Tensor,
        alpha: Tensor | None = None,
        beta: Tensor | None = None,
        gamma: Tensor | None = None,
        rbar: Tensor | None = None,
    ) -> Tensor:
        """:func:`~sdf_siren.fields.adjoint.row_jacobian` (n, parameters), in the order of ``parameters``."""
        return row_jacobian(self.layers, x, alpha, beta, gamma, rbar)
