"""How much memory a run needs and how much there is: known before the work starts, so that none is killed."""

from __future__ import annotations

import os
from bisect import bisect_right
from pathlib import Path

from sdf_siren.errors import OutOfMemoryError

PROGRAM_BYTES = 650_000_000
"""Of any run: libraries, the fit's pools, the lattice of the extraction, the preview."""

REPORT_BYTES = 110_000_000
"""More where a report is written: open3d, and the text of the page."""

BYTES_PER_POINT = 400
"""Of the scan, its search trees, what of its neighbours is looked at, and the refit."""

BYTES_PER_FACE = 400
"""While an open mesh is cut, or a mesh simplified: edges and their numbers, the mesh before and after."""

FACES_OF_ANY, MOST_MORE_FACES = 620_000, 12_000_000
"""Faces of a scan of few points; and how many more there may be, for the lattice has only so many cells."""

SPARED = 0.9
"""The part of what is free that a run may count on; others take some meanwhile."""

_FEWEST_POINTS = 10_000
_ANY_NUMBER = range(10**12)


def faces_expected(points: int, noisy: bool = False) -> int:
    """As many faces as the mesh of a scan of so many points had at most, before it was cut or simplified.

    What drives their number is how closely the surface is followed: much less where the points are noisy,
    unless they show thin walls, which a finer lattice tells apart. Such a mesh had twice as many, and its
    run still held no more memory than these stand for.
    """
    if noisy:
        return FACES_OF_ANY + min(3 * points, int(380_000 + 1.2 * points))
    return FACES_OF_ANY + min(int(11.5 * points), int(2_300_000 + 2.5 * points), MOST_MORE_FACES)


def bytes_needed(points: int, *, noisy: bool = False, report: bool = False) -> int:
    """At most about so much memory is held at once by a whole run from a scan to its mesh.

    Args:
        points: of the scan, those that are kept.
        noisy: whether its noise is a sizeable part of its spacing; if that is not known, no.
        report: whether a report is written.
    """
    faces = faces_expected(points, noisy)
    return PROGRAM_BYTES + REPORT_BYTES * report + BYTES_PER_POINT * points + BYTES_PER_FACE * faces


def points_within(free: int | None) -> int | None:
    """How many points a run may take with so many bytes free; None for any, where that is not known.

    Raises:
        OutOfMemoryError: it is too little for any scan.
    """
    if free is None:
        return None
    points = bisect_right(_ANY_NUMBER, SPARED * free, key=bytes_needed) - 1
    if points < _FEWEST_POINTS:
        raise OutOfMemoryError(
            f"expected at least {gigabytes(bytes_needed(_FEWEST_POINTS) / SPARED)} of free memory, found "
            f"{gigabytes(free)}; end other programs or raise the limit of this one"
        )
    return points


def memory_sentence(points: int, free: int, *, noisy: bool, report: bool) -> str:
    """What a run needs and what there is, for people; arguments as for :func:`bytes_needed`."""
    needed = bytes_needed(points, noisy=noisy, report=report)
    told = f"the run needs up to {gigabytes(needed)} of memory, {gigabytes(free)} are free"
    return told if needed <= free else f"{told}: if that is too little, --max-points takes fewer points"


def gigabytes(count: float) -> str:
    """Bytes for people."""
    return f"{count / 1e9:.2g} GB"


def bytes_free(root: Path = Path("/")) -> int | None:
    """What this process may still take: the machine's free memory, or less if a control group limits it.

    None where the system does not tell. ``root`` is where the system's files are.
    """
    known = [_machine(root), *_groups(root)]
    return min((value for value in known if value is not None), default=None)


def _machine(root: Path) -> int | None:
    """Linux tells what could be freed; others only how much there is at all."""
    for line in _lines(root / "proc/meminfo"):
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    if root != Path("/"):
        return None
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return None


def _groups(root: Path) -> list[int]:
    """What the control groups of this process, both versions, and the groups around them leave."""
    left = []
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, place = line.split(":", 2)
        if controllers == "":
            top, names = root / "sys/fs/cgroup", ("memory.max", "memory.current")
        elif "memory" in controllers.split(","):
            top = root / "sys/fs/cgroup/memory"
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes")
        else:
            continue
        folder = top / place.strip("/")
        for group in (folder, *folder.parents):
            limit, used = (_number(group / name) for name in names)
            if limit is not None and used is not None:
                left.append(max(0, limit - used + _reclaimable(group)))
            if group == top:
                break
    return left


def _reclaimable(group: Path) -> int:
    """Files that the system keeps in memory count as used, but make room."""
    for line in _lines(group / "memory.stat"):
        name, _, value = line.partition(" ")
        if name in ("inactive_file", "total_inactive_file"):
            return int(value)
    return 0


def _number(path: Path) -> int | None:
    """The number in a file; None for a file that is not there, or says ``max``."""
    lines = _lines(path)
    return int(lines[0]) if lines and lines[0].isdigit() else None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
