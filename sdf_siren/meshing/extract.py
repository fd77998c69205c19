"""From a field to a mesh in world coordinates."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from sdf_siren.artifacts import Mesh
from sdf_siren.clouds.support import Support
from sdf_siren.errors import EmptySurfaceError
from sdf_siren.fields import ClippedField, CorrectedField, Field, SignedDistanceField, choose_device
from sdf_siren.meshing.components import Strangeness, supported_faces
from sdf_siren.meshing.lattice import LARGEST, check_resolution, evaluate_near_surface
from sdf_siren.meshing.limit import NOTHING_NEAR, scan_support, told
from sdf_siren.meshing.openness import Openness, openness
from sdf_siren.meshing.reach import SETTLED
from sdf_siren.meshing.refine import refine
from sdf_siren.meshing.search import Wanted, everything
from sdf_siren.meshing.triangles import polygonise
from sdf_siren.progress import Progress, ProgressCallback, silent


@dataclass(frozen=True)
class Extraction:
    """A mesh and how it came about.

    Attributes:
        mesh: in world coordinates.
        evaluations: of the field, gradients counted too.
        components_removed: parts of the level set that the scan does not support.
        notes: one-line sentences for the user.
        openness: of the scan, if that was to be decided and a coarse mesh made it clear.
    """

    mesh: Mesh
    evaluations: int
    components_removed: int
    notes: tuple[str, ...]
    openness: Openness | None = None


RESOLUTION = 180
"""Cells along a side of the cube unless given, or unless the field holds finer detail than they resolve."""

MADE_UP = 0.25
"""Parts of the level set that the network knows are within a tenth of a tile's side of its own; bubbles,
which cubics blow where they find points far from any surface of the network, are over half a side away."""

CELLS_PER_TILE = 0.9
"""A cubic bends at most a few times across its tile; its edges are split where it bends."""

FLATNESS, NOISY_FLATNESS, FLATTEST = 0.75, 0.3, 2e-5
"""Edges are split that the surface rises farther above than so much of the distance of points kept back, of a
noisy scan so much of it (the rest is noise, and no error of the field), but none that it rises less above
than that part of the cube's unit: finer than rounding, and than anybody looks."""

BEND = 0.3
"""Edges of a cell's length are split, whatever the error, if the surface turns by more over them, rad: where
points are noisy they are farther from a field than it is from the truth."""

FINER, MOST_FINER, MISSED = 2**0.5, 2**1.5, 2.5e-4
"""Where two sheets of the level set are closer than a cell, the lattice sees neither: a thin wall gets holes,
a crevice is bridged. It is made finer by the first factor, by the second at most, while more than a share
``MISSED`` of the scan's points see another sheet within a cell, if that parts them: the share falls with the
cell, as in a crevice, or faster. Where a scan contradicts itself there are sheets at every distance."""

MOST_CELLS_PER_TILE = 2.5
"""A tile is as wide as two points of the scan are apart, or wider: what is thinner than such a cell is
guessed, and not worth more of them."""

COARSE = 64
"""Cells along a side of the cube, of the mesh that tells whether a scan is open, where that is clear."""

WALL_CELLS = 1.5
"""From the walls of the cube to where a surface that leaves it is closed: a whole cell lies outside."""


def extract_mesh(
    field: SignedDistanceField, resolution: int | None = None, *, progress: ProgressCallback = silent
) -> Mesh:
    """The zero level set of ``field`` as a mesh; see :func:`extract`."""
    return extract(field, resolution, progress=progress).mesh


def extract(
    field: SignedDistanceField,
    resolution: int | None = None,
    *,
    flatness: float | None = None,
    surface: str = "whole",
    support: Support | None = None,
    device: str = "auto",
    progress: ProgressCallback = silent,
) -> Extraction:
    """The zero level set of ``field``, without the components that no scan point supports.

    Args:
        field: as fitted or loaded.
        resolution: cells along a side of the cube, which is 2 / 1.8 of the scan's longest side; None for
            180, or more if the field's local corrections are finer than that or its sheets closer.
        flatness: edges that the surface rises farther above are split, world units; 0 splits none. None
            stands for 0 or, if the resolution is left open too, for most of the field's own error or less.
        surface: ``whole``; ``closed``: the same, and if it leaves the cube closed at the walls, also if that
            was asked for when the field was fitted; ``open``: where :func:`~sdf_siren.meshing.trim` will keep
            it, and some way on; ``auto``: ``open`` or ``whole``, as far as a coarse mesh makes that clear.
        support: the scan that an open mesh is to be cut by; None for the points that the field keeps.
        device: ``auto``, ``cpu`` or ``cuda[:i]``.
        progress: called with the lattice nodes evaluated so far.

    Raises:
        UsageError: the resolution is out of range.
        EmptySurfaceError: there is no level set, or of an open scan none near its points.
    """
    place = choose_device(device)
    in_cube = field.in_cube.to(device=place, dtype=torch.float32)
    surface = told(field, surface)
    found = clearly(field, place) if surface == "auto" else None
    left_open = resolution is None and flatness is None
    if resolution is None:
        resolution = resolution_for_sheets(field, in_cube, sufficient_resolution(field), place)
    check_resolution(resolution)
    rise = _sufficient_rise(field, resolution) if left_open else (flatness or 0.0) * field.frame.scale
    meshed: Field = in_cube
    if surface == "closed" or told(field, "auto") == "closed":
        meshed = ClippedField(in_cube, 1 - WALL_CELLS * 2 / resolution)
    wanted: Wanted = everything
    if surface == "open" or (found is not None and found.open):
        wanted = _near(field, scan_support(field) if support is None else support, 2 / resolution)
    vertices, faces, evaluations = level_set(
        meshed, resolution, wanted=wanted, device=place, progress=progress
    )
    vertices, faces, removed = _supported(field, in_cube, vertices, faces, place)
    if not len(faces):
        raise EmptySurfaceError(
            f"expected a surface in the field, found none at resolution {resolution}; "
            "the fit may have failed: try more steps or another seed"
            if wanted is everything
            else NOTHING_NEAR
        )

    def onto_level_set(vertices: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        return _onto_level_set(meshed, vertices, 2 / resolution, place)

    vertices, normals = onto_level_set(vertices)
    if rise > 0:
        vertices, normals, faces = refine(vertices, normals, faces, max(rise, FLATTEST), onto_level_set)
    notes = []
    if removed:
        parts = f"{removed} component{'s' * (removed > 1)}"
        notes.append(f"removed {parts} of the level set that the scan does not support")
    if any(LARGEST * tiles.side < 2 * CELLS_PER_TILE for tiles in field.tiles):
        notes.append(f"the scan tells more than {LARGEST} cells a side resolve: --crop it to keep its detail")
    mesh = Mesh(field.frame.to_world(vertices), faces, normals)
    return Extraction(mesh, evaluations + len(vertices), removed, tuple(notes), found)


def clearly(field: SignedDistanceField, device: str | torch.device = "cpu") -> Openness | None:
    """Whether the scan of ``field`` is open, or None where a coarse mesh does not make that clear."""
    support = scan_support(field)
    if support is None:
        return None
    in_cube = field.in_cube.to(device=device, dtype=torch.float32)
    vertices, faces, _ = level_set(in_cube, COARSE, device=device)
    vertices, faces, _ = _supported(field, in_cube, vertices, faces, device)
    if not len(faces):
        return None
    vertices, normals = _onto_level_set(in_cube, vertices, 2 / COARSE, device)
    found = openness(Mesh(field.frame.to_world(vertices), faces, normals), support, coarse=True)
    return found if found.clear else None


def _near(field: SignedDistanceField, support: Support | None, cell: float) -> Wanted:
    """Where cutting by ``support`` depends on the surface, and two cells on."""
    if support is None:
        return everything
    to_world, length_to_world = field.frame.to_world, field.frame.length_to_world

    def wanted(centres: NDArray[np.float64], radius: float) -> NDArray[np.bool_]:
        more = float(length_to_world(np.asarray(radius + 2 * cell)))
        return support.within(to_world(centres), SETTLED, more)

    return wanted


def _supported(
    field: SignedDistanceField,
    in_cube: CorrectedField,
    vertices: NDArray[np.float64],
    faces: NDArray[np.int64],
    device: str | torch.device,
) -> tuple[NDArray[np.float64], NDArray[np.int64], int]:
    """A level set without the components that the scan does not support, and how many these were."""
    if field.support is None:
        return vertices, faces, 0
    kept, removed = supported_faces(vertices, faces, field.support, _strangeness(field, in_cube, device))
    return (*_only(vertices, faces[kept]), removed) if removed else (vertices, faces, 0)


def _strangeness(
    field: SignedDistanceField, in_cube: CorrectedField, device: str | torch.device
) -> Strangeness | None:
    """The distance of the network alone from zero, in units of ``MADE_UP`` sides of the largest tiles."""
    if not field.tiles:
        return None
    unit = MADE_UP * max(tiles.side for tiles in field.tiles)

    def strangeness(vertices: NDArray[np.float64]) -> NDArray[np.floating]:
        x = torch.from_numpy(vertices.astype(np.float32)).to(device)
        return np.asarray(in_cube.network.value(x)[:, 0].abs().cpu().numpy() / unit)

    return strangeness


def sufficient_resolution(field: SignedDistanceField) -> int:
    """Cells along a side of the cube that resolve the finest tiles of ``field``; 180 to 1024."""
    finest = min((tiles.side for tiles in field.tiles), default=2.0)
    return min(LARGEST, max(RESOLUTION, math.ceil(2 * CELLS_PER_TILE / finest)))


def _sufficient_rise(field: SignedDistanceField, resolution: int) -> float:
    """How far, in the cube, the surface may rise above an edge of a mesh that is as good as ``field``."""
    bent = BEND / 8 * 2 / resolution  # an arc that turns by b rises e b / 8 above its chord e
    if field.error is None:
        return bent
    return min(bent, (NOISY_FLATNESS if field.noisy else FLATNESS) * field.error * field.frame.scale)


def resolution_for_sheets(
    field: SignedDistanceField, in_cube: Field, resolution: int, device: str | torch.device
) -> int:
    """``resolution`` or, if sheets of the level set are closer than its cells, as many more as part them."""
    if field.support is None:
        return resolution
    x = torch.from_numpy(field.support).to(device)
    value, gradient = in_cube.value_and_gradient(x)
    slope = gradient.norm(dim=1, keepdim=True).clamp_min(1e-6)
    direction, away = gradient / slope, value / slope
    x = x - direction * away
    most = min(LARGEST, round(MOST_FINER * resolution))
    if field.tiles:
        most = min(most, int(2 * MOST_CELLS_PER_TILE / min(tiles.side for tiles in field.tiles)))

    def missed(resolution: int) -> float:
        cell = 2 / resolution
        other = (in_cube.value(x - cell * direction) > 0) | (in_cube.value(x + cell * direction) < 0)
        other &= away.abs() < cell  # else the step may have led anywhere
        return float(other.float().mean())

    share, finer = missed(resolution), resolution
    while finer < most and share > MISSED:
        finer = min(most, round(FINER * finer))
        left = missed(finer)
        if left <= share * resolution / finer:
            resolution, share = finer, left
    return resolution


def level_set(
    field: Field,
    resolution: int,
    *,
    wanted: Wanted = everything,
    device: str | torch.device = "cpu",
    progress: ProgressCallback = silent,
) -> tuple[NDArray[np.float64], NDArray[np.int64], int]:
    """The zero level set of any field in the cube: vertices (v, 3), faces (f, 3), evaluations.

    Where ``wanted`` leaves out parts of the cube, the surface has a ragged rim in them.
    """

    def report(done: int, total: int) -> None:
        progress(Progress("extract", done, total))

    lattice = evaluate_near_surface(field, resolution, wanted=wanted, device=device, report=report)
    vertices, faces = polygonise(lattice)
    return vertices, faces, lattice.evaluations


def _only(
    vertices: NDArray[np.float64], faces: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The vertices that ``faces`` use, and the faces renumbered."""
    used = np.zeros(len(vertices), dtype=bool)
    used[faces.reshape(-1)] = True
    number = np.cumsum(used) - 1
    return vertices[used], number[faces]


def _onto_level_set(
    field: Field, vertices: NDArray[np.float64], cell: float, device: str | torch.device
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Vertices after one Newton step onto the level set, at most half a cell, and their unit normals.

    Marching cubes interpolates linearly between nodes; the step takes the vertices the rest of the
    way, for the price of the gradient that the normals need anyway.
    """
    x = torch.from_numpy(vertices.astype(np.float32)).to(device)
    value, gradient = field.value_and_gradient(x)
    squared = gradient.square().sum(dim=1, keepdim=True).clamp_min(1e-12)
    step = gradient * (value / squared)
    length = step.norm(dim=1, keepdim=True)
    step *= (cell / 2 / length.clamp_min(1e-30)).clamp_max(1.0)
    normals = gradient / squared.sqrt()
    return vertices - step.cpu().numpy().astype(np.float64), normals.cpu().numpy().astype(np.float32)
