"""How much memory a run needs and how much there is: known before the work starts, so that none is killed."""

from __future__ import annotations

import os
from pathlib import Path

from sdf_siren.errors import OutOfMemoryError

PROGRAM_BYTES = 700_000_000
"""Of a run on a few points: libraries, pools, the lattice of the extraction."""

BYTES_PER_POINT = 700
"""Of the reader's sample, neighbourhoods, search trees, the refit and the finer mesh of a larger scan.
Whole draft runs of a scan without normals peaked at 636 MB with 10,000 points, 666 MB with 100,000 and
1,131 MB with a million: 0.90, 0.86 and 0.81 of what is said here."""

SPARED = 0.9
"""The part of what is free that a run may count on; others take some meanwhile."""

_FEWEST_POINTS = 10_000


def bytes_needed(points: int) -> int:
    """About the peak memory of a whole run from a scan of so many points to its mesh."""
    return PROGRAM_BYTES + BYTES_PER_POINT * points


def points_within(free: int | None) -> int | None:
    """How many points a run may take with so many bytes free; None for any, where that is not known.

    Raises:
        OutOfMemoryError: it is too little for any scan.
    """
    if free is None:
        return None
    points = int((SPARED * free - PROGRAM_BYTES) / BYTES_PER_POINT)
    if points < _FEWEST_POINTS:
        raise OutOfMemoryError(
            f"expected at least {gigabytes(bytes_needed(_FEWEST_POINTS) / SPARED)} of free memory, found "
            f"{gigabytes(free)}; end other programs or raise the limit of this one"
        )
    return points


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
