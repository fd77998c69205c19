"""What every field made of layers can do: rows, their adjoints and the Laplacian, by the sweeps."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from sdf_siren.fields.adjoint import row_gradients, row_jacobian
from sdf_siren.fields.closed_form import ParameterGradients
from sdf_siren.fields.layers import Layer
from sdf_siren.fields.sweeps import channels, hidden_rows, rows


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

    def laplacian(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Values (n, c), Jacobians (n, c, d) and Laplacians (n, c) at ``x`` (n, d), in one forward sweep."""
        value, jacobian, laplacian = channels(self.layers, x)
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
