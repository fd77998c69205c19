"""Domains: where an equation holds, its boundary by named parts, and points in both."""

from sdf_siren.domains.ball import Ball
from sdf_siren.domains.box import Box
from sdf_siren.domains.combinations import Difference, Intersection, Union
from sdf_siren.domains.corners import Corner
from sdf_siren.domains.curves import Circle, Segment
from sdf_siren.domains.cylinder import Cylinder
from sdf_siren.domains.domain import Boundary, Domain
from sdf_siren.domains.polygon import Polygon

__all__ = [
    "Ball",
    "Boundary",
    "Box",
    "Circle",
    "Corner",
    "Cylinder",
    "Difference",
    "Domain",
    "Intersection",
    "Polygon",
    "Segment",
    "Union",
]
