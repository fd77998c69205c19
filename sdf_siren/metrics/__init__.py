"""How good a result is: a mesh, a field at the points of its scan, the solution of an equation, a signal."""

from sdf_siren.metrics.classical import Comparison, compare_classical, no_classical
from sdf_siren.metrics.equations import EquationError, equation_error
from sdf_siren.metrics.grids import grid_cells, solution_grid
from sdf_siren.metrics.likeness import Likeness, SignalError, signal_error
from sdf_siren.metrics.renditions import Rendition, check_smooth, extract_image, render_view, rendition_bytes
from sdf_siren.metrics.residual import FitResidual, fit_residual
from sdf_siren.metrics.sampling import SurfaceSamples, sample_surface
from sdf_siren.metrics.slowness import SlownessError, slowness_error, slowness_grid
from sdf_siren.metrics.surface import F_SCORE_PERCENT, SurfaceMetrics, compare
from sdf_siren.metrics.topology import Topology, topology

__all__ = [
    "F_SCORE_PERCENT",
    "Comparison",
    "EquationError",
    "FitResidual",
    "Likeness",
    "Rendition",
    "SignalError",
    "SlownessError",
    "SurfaceMetrics",
    "SurfaceSamples",
    "Topology",
    "check_smooth",
    "compare",
    "compare_classical",
    "equation_error",
    "extract_image",
    "fit_residual",
    "grid_cells",
    "no_classical",
    "render_view",
    "rendition_bytes",
    "sample_surface",
    "signal_error",
    "slowness_error",
    "slowness_grid",
    "solution_grid",
    "topology",
]
