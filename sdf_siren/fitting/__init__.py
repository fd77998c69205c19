"""Fits: settings from a scan, the training loop, and the field that comes out."""

from sdf_siren.fitting.cost import CostEstimate, estimate_cost, settings_within
from sdf_siren.fitting.equations import SOLVERS, SolvedProblem, solve_problem
from sdf_siren.fitting.inverse_scattering import Recovered, recover_slowness
from sdf_siren.fitting.refit import detail_sentence
from sdf_siren.fitting.settings import QUALITIES, SurfaceSettings
from sdf_siren.fitting.sides import turned_along
from sdf_siren.fitting.signal_comparison import compare_networks
from sdf_siren.fitting.signal_cost import estimate_signal_cost, signal_plan, signal_settings_within
from sdf_siren.fitting.signal_settings import SignalSettings, resolve_signal_settings
from sdf_siren.fitting.signals import fit_figures, fit_image, fit_signal
from sdf_siren.fitting.surface import choose_settings, findings, fit_surface

__all__ = [
    "QUALITIES",
    "SOLVERS",
    "CostEstimate",
    "Recovered",
    "SignalSettings",
    "SolvedProblem",
    "SurfaceSettings",
    "choose_settings",
    "compare_networks",
    "detail_sentence",
    "estimate_cost",
    "estimate_signal_cost",
    "findings",
    "fit_figures",
    "fit_image",
    "fit_signal",
    "fit_surface",
    "recover_slowness",
    "resolve_signal_settings",
    "settings_within",
    "signal_plan",
    "signal_settings_within",
    "solve_problem",
    "turned_along",
]
