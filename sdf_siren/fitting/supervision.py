"""What a signal's fit is told: values, differences, Laplacians, or guidance under a mask, as loss terms.

Training on derivatives alone is slow: a low wave's derivative is small, and so is its share in the loss. But
derivatives on a grid can be integrated classically in milliseconds (:mod:`sdf_siren.signals.integration`).
So a fit without values first learns the classical integral, and then the derivatives are what it is
corrected by.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sdf_siren.errors import UsageError
from sdf_siren.fitting.signal_settings import SignalSettings
from sdf_siren.losses.samples import (
    Differences,
    Gradient,
    Laplacian,
    SampleObjective,
    SampleTerm,
    SecondDifferences,
    Values,
    WeightedSampleTerm,
)
from sdf_siren.signals import Signal
from sdf_siren.signals.blocks import blocks_at
from sdf_siren.signals.differences import differences, second_differences
from sdf_siren.signals.editing import Edit
from sdf_siren.signals.integration import (
    from_differences,
    from_gradient,
    from_laplacian,
    from_second_differences,
)
from sdf_siren.signals.spectral import gradient, laplacian

WARM_PART = 0.7
"""Of a fit without values: so long it learns the classical integral, and then derivatives with what is
known."""

MOST_HELD_OUT = 4096

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Supervision:
    """What a fit is told.

    Attributes:
        objective: the loss terms with their weights.
        integral: (n_1, .., n_d, c) in the network's units, what derivatives were integrated to; None where
            values are given.
        mean: (c,) of the samples in the network's units, to which the fit is shifted where nothing else
            fixes the constant; None where something does.
        held_out: places in the cube and values of samples that a smooth fit does not see and is judged by;
            else None.
    """

    objective: SampleObjective
    integral: Array | None = None
    mean: Array | None = None
    held_out: tuple[Tensor, Tensor] | None = None


def supervision_of(
    signal: Signal, settings: SignalSettings, device: torch.device, seed: int = 0
) -> Supervision:
    """What the settings' weights ask for; ``seed`` chooses the samples that are held out.

    Raises:
        UsageError: a stencil that does not fit into the grid.
    """
    u = normalised(signal)
    derivatives = _derivative_terms(u, signal, settings, device)
    if settings.value_weight > 0:
        values, seen, held_out = _flat(u, device), None, None
        if settings.smooth and (count := _held_out(len(values))):
            seen, x, kept = _split(signal, count, seed, device)
            held_out = (x, values[kept])
        term = WeightedSampleTerm(Values(values, seen), settings.value_weight)
        return Supervision(SampleObjective([term, *derivatives]), held_out=held_out)
    mean = _means(u) if _constant_is_free(settings) else None
    if not settings.warm_start:
        return Supervision(SampleObjective(derivatives), mean=mean)
    integral = classical_integral(u, settings)
    return Supervision(_after(integral, derivatives, device), integral, mean)


def _constant_is_free(settings: SignalSettings) -> bool:
    """Whether the derivatives leave the constant open: all but the 5-point Laplacian, with its border."""
    return settings.laplacian_weight == 0 or settings.derivative == "spectral"


def classical_integral(u: Array, settings: SignalSettings) -> Array:
    """What the derivatives of ``u`` alone are integrated to: a Poisson equation, solved by fast transforms.

    Args:
        u: (n_1, .., n_d, c).
        settings: with a weight for gradient or Laplacian; of both, the Laplacian is integrated.

    Returns:
        An array like ``u``, with the mean of ``u`` where the derivatives leave the constant open.
    """
    mean = _means(u)
    if settings.laplacian_weight > 0 and settings.derivative == "stencil":
        return from_second_differences(second_differences(u), u)
    if settings.laplacian_weight > 0:
        return from_laplacian(laplacian(u), mean)
    if settings.derivative == "stencil":
        return from_differences(differences(u), mean)
    return from_gradient(gradient(u), mean)


def _after(integral: Array, terms: list[WeightedSampleTerm], device: torch.device) -> SampleObjective:
    """The integral all the time, and the terms when it is learned."""
    start = WeightedSampleTerm(Values(_flat(integral, device), name="integral"))
    late = ((0.0, 0.0), (WARM_PART, 0.0), (WARM_PART + 0.01, 1.0))
    return SampleObjective([start, *(replace(term, schedule=late) for term in terms)])


def _held_out(samples: int) -> int:
    """How many samples a smooth fit is judged by: few, for they are not fitted."""
    return min(MOST_HELD_OUT, max(samples // 50, min(64, samples // 4)))


def _split(signal: Signal, count: int, seed: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Weights of all samples, zero for those held out; where these are in the cube; which they are."""
    total = math.prod(signal.shape)
    chosen = np.sort(np.random.default_rng(seed).choice(total, count, replace=False))
    kept = torch.from_numpy(chosen).to(device)
    seen = torch.ones(total, device=device).index_fill_(0, kept, 0.0)
    corners = torch.stack(torch.unravel_index(kept, signal.shape), dim=1)
    return seen, blocks_at(corners, (1,) * len(signal.shape), signal.frame).x, kept


def normalised(signal: Signal) -> Array:
    """Samples in the network's units: low is -1, high is 1."""
    form = signal.format
    return np.asarray((signal.samples.astype(np.float64) - form.low) * (2 / form.peak) - 1)


def edit_supervision(edit: Edit, signal: Signal, device: torch.device) -> Supervision:
    """Values where they stay, differences where the guidance holds.

    Args:
        edit: in the values' units of ``signal``.
        signal: the target of the edit.
        device: of the tensors.
    """
    factor, shape = 2 / signal.format.peak, signal.shape
    solution = np.asarray((edit.solution - signal.format.low) * factor - 1)
    known = Values(
        _flat((edit.known - signal.format.low) * factor - 1, device),
        _flat(edit.stays[..., None], device)[:, 0],
        "known",
    )
    guided = Differences(
        tuple(_flat(_extended(g * factor, shape), device) for g in edit.differences),
        tuple(_flat(_extended(h[..., None], shape), device)[:, 0] for h in edit.holds),
    )
    terms = [WeightedSampleTerm(known), WeightedSampleTerm(guided)]
    free = not edit.stays.any()
    return Supervision(_after(solution, terms, device), solution, _means(solution) if free else None)


def _derivative_terms(
    u: Array, signal: Signal, settings: SignalSettings, device: torch.device
) -> list[WeightedSampleTerm]:
    terms: list[WeightedSampleTerm] = []
    steps, d = signal.frame.step, len(signal.shape)
    term: SampleTerm
    if settings.gradient_weight > 0:
        if settings.derivative == "stencil":
            term = Differences(tuple(_flat(_extended(g, u.shape[:-1]), device) for g in differences(u)))
        else:
            slopes = np.moveaxis(gradient(u), -1, 0)
            term = Gradient(tuple(_flat(g, device) for g in slopes), steps)
        terms.append(WeightedSampleTerm(term, settings.gradient_weight))
    if settings.laplacian_weight > 0:
        if settings.derivative == "stencil":
            _refuse_thin(signal)
            border = np.ones((*u.shape[:-1], 1))
            border[(slice(1, -1),) * d] = 0
            terms.append(
                WeightedSampleTerm(Values(_flat(u * border, device), _flat(border, device)[:, 0], "border"))
            )
            term = SecondDifferences(_flat(_embedded(second_differences(u), u.shape), device), d)
        else:
            if len(set(steps)) > 1:
                raise UsageError("a spectral Laplacian needs samples that are equally spaced along all axes")
            term = Laplacian(_flat(laplacian(u), device), steps[0], d)
        terms.append(WeightedSampleTerm(term, settings.laplacian_weight))
    return terms


def _means(u: Array) -> Array:
    return np.asarray(u.mean(axis=tuple(range(u.ndim - 1))))


def _refuse_thin(signal: Signal) -> None:
    if min(signal.shape) < 3:
        raise UsageError(
            f"{signal.source}: a Laplacian needs at least 3 samples along every axis, found {signal.shape}"
        )


def _flat(samples: NDArray[np.generic], device: torch.device) -> Tensor:
    """(N, ...) float32, one row per sample."""
    d = samples.ndim - 1
    return torch.from_numpy(samples.reshape(math.prod(samples.shape[:d]), -1).astype(np.float32)).to(device)


def _extended(difference: NDArray[np.generic], shape: tuple[int, ...]) -> NDArray[np.generic]:
    """Zeros behind the last sample, where there is no next one."""
    found: NDArray[np.generic] = np.zeros((*shape, difference.shape[-1]), difference.dtype)
    found[tuple(slice(n) for n in difference.shape[:-1])] = difference
    return found


def _embedded(inner: Array, shape: tuple[int, ...]) -> Array:
    found = np.zeros(shape)
    found[(slice(1, -1),) * (len(shape) - 1)] = inner
    return found
