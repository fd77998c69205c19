"""How good a mesh is: against a reference, by itself, and how well a field meets its points."""

from sdf_siren.metrics.residual import FitResidual, fit_residual
from sdf_siren.metrics.sampling import SurfaceSamples, sample_surface
from sdf_siren.metrics.surface import F_SCORE_PERCENT, SurfaceMetrics, compare
from sdf_siren.metrics.topology import Topology, topology

__all__ = [
    "F_SCORE_PERCENT",
    "FitResidual",
    "SurfaceMetrics",
    "SurfaceSamples",
    "Topology",
    "compare",
    "fit_residual",
    "sample_surface",
    "topology",
]
