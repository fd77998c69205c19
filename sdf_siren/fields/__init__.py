"""Fields: SIREN with its derivatives in closed form, exact shapes, and fields in world coordinates."""

from sdf_siren.fields.closed_form import ParameterGradients, Workspace
from sdf_siren.fields.corrected import CorrectedField
from sdf_siren.fields.devices import choose_device
from sdf_siren.fields.field import Field
from sdf_siren.fields.shapes import Box, Plane, Sphere, Torus
from sdf_siren.fields.signed_distance import SignedDistanceField
from sdf_siren.fields.siren import Siren, SirenShape, initialise
from sdf_siren.fields.tiles import CubicTiles

__all__ = [
    "Box",
    "CorrectedField",
    "CubicTiles",
    "Field",
    "ParameterGradients",
    "Plane",
    "SignedDistanceField",
    "Siren",
    "SirenShape",
    "Sphere",
    "Torus",
    "Workspace",
    "choose_device",
    "initialise",
]
