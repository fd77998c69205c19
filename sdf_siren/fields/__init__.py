"""Fields: SIREN with its derivatives in closed form, baselines, exact shapes, fields in world coordinates."""

from sdf_siren.fields.activations import Activation, Relu, Sine, Tanh
from sdf_siren.fields.adjoint import channel_gradients, row_gradients, row_jacobian
from sdf_siren.fields.clipped import ClippedField
from sdf_siren.fields.closed_form import ParameterGradients, Workspace
from sdf_siren.fields.corrected import CorrectedField
from sdf_siren.fields.devices import choose_device
from sdf_siren.fields.field import Field
from sdf_siren.fields.layered import LayeredField
from sdf_siren.fields.layers import Layer
from sdf_siren.fields.perceptron import Perceptron, PositionalEncoding, initialise_perceptron, matching_width
from sdf_siren.fields.shapes import Box, Plane, Sphere, Torus
from sdf_siren.fields.signal_field import SignalField
from sdf_siren.fields.signed_distance import SignedDistanceField
from sdf_siren.fields.siren import Siren, SirenShape, initialise
from sdf_siren.fields.sweeps import channels, hidden_rows, rows
from sdf_siren.fields.tiles import CubicTiles

__all__ = [
    "Activation",
    "Box",
    "ClippedField",
    "CorrectedField",
    "CubicTiles",
    "Field",
    "Layer",
    "LayeredField",
    "ParameterGradients",
    "Perceptron",
    "Plane",
    "PositionalEncoding",
    "Relu",
    "SignalField",
    "SignedDistanceField",
    "Sine",
    "Siren",
    "SirenShape",
    "Sphere",
    "Tanh",
    "Torus",
    "Workspace",
    "channel_gradients",
    "channels",
    "choose_device",
    "hidden_rows",
    "initialise",
    "initialise_perceptron",
    "matching_width",
    "row_gradients",
    "row_jacobian",
    "rows",
]
