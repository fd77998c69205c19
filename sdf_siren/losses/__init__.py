"""Loss terms of a signed distance fit: small, composable, each with its adjoints in closed form."""

from sdf_siren.losses.objective import Objective, WeightedTerm
from sdf_siren.losses.terms import (
    Direction,
    Eikonal,
    LossTerm,
    Normal,
    NormalCosine,
    OffSurfaceExponential,
    OffSurfaceHinge,
    Surface,
)

__all__ = [
    "Direction",
    "Eikonal",
    "LossTerm",
    "Normal",
    "NormalCosine",
    "Objective",
    "OffSurfaceExponential",
    "OffSurfaceHinge",
    "Surface",
    "WeightedTerm",
]
