"""How each method makes a mesh of a case, always as a whole command that reads and writes files."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cases import Case
from commands import CommandFailed, Ran, benchmark_script, python, stages

METHODS = ("poisson", "draft", "standard", "high", "paper", "paper10")
"""In the order of measurement: ``paper`` needs the time of ``standard``."""

PAPER_SHARE = {"paper": 1, "paper10": 10}
"""The time of the paper's preset, as a multiple of standard's fit."""

DEPTHS = (6, 7, 8, 9, 10)


@dataclass(frozen=True)
class Circumstances:
    """The same for every method; a resolution of None leaves it to the program."""

    threads: int
    device: str
    resolution: int | None


class Bench:
    """One case and seed, with its scan in a folder that is there to be filled."""

    def __init__(self, case: Case, data: Path, seed: int, folder: Path, circumstances: Circumstances) -> None:
        self._case = json.dumps(asdict(case))
        self._data, self._seed, self._folder, self._given = data, seed, folder, circumstances
        self._scan = folder / "scan.ply"
        self._points: int | None = None

    def measure(self, method: str, standard: dict[str, Any] | None = None) -> dict[str, Any]:
        """The figures of a method, or ``{"error": ...}``.

        Args:
            method: one of ``METHODS``.
            standard: the row of ``standard``, which the paper's preset needs.
        """
        try:
            speed = self._script("speed.py", self._given.threads).answer()["gflops"]
            figures = self._by(method, standard)
        except CommandFailed as error:
            return {"error": str(error)}
        return {"points": self._points, "machine_gflops": round(speed, 1), **figures}

    def _by(self, method: str, standard: dict[str, Any] | None) -> dict[str, Any]:
        if method == "poisson":
            return self._poisson()
        if method not in PAPER_SHARE:
            return self._reconstruct(method)
        if standard is None:
            raise CommandFailed("needs the time of standard, which failed")
        budget = PAPER_SHARE[method] * fit_seconds(standard, self._given.device)
        steps = max(1, round(budget / self.seconds_per_paper_step()))
        return {"budget_seconds": budget, **self.paper(steps)}

    def seconds_per_paper_step(self) -> float:
        """Of the CPU, or on the wall where a GPU does the work.

        Raises:
            CommandFailed: it could not be measured.
        """
        self._prepare()
        ran = self._script("paper_step.py", self._scan, self._given.threads, self._given.device)
        seconds: float = ran.answer()["seconds_per_step"]
        return seconds

    def paper(self, steps: int) -> dict[str, Any]:
        """The figures of the paper's preset with a number of steps.

        Raises:
            CommandFailed: there is no mesh, or none that can be judged.
        """
        return {"steps": steps, **self._reconstruct("paper", "--set", f"fit.sdf.steps={steps}")}

    def _prepare(self) -> None:
        if self._points is None:
            made = self._script("prepare.py", self._data, self._case, self._seed, self._scan)
            self._points = made.answer()["points"]

    def _reconstruct(self, quality: str, *more: str) -> dict[str, Any]:
        self._prepare()
        mesh = self._folder / f"{quality}.ply"
        command = ["-m", "sdf_siren", str(self._scan), "-o", str(mesh), "--quality", quality, "--force"]
        command += ["--quiet", "--seed", str(self._seed), *more]
        command += ["--device", self._given.device, "--threads", str(self._given.threads)]
        if self._given.resolution is not None:
            command += ["--resolution", str(self._given.resolution)]
        ran = python(command, self._given.threads)
        run = mesh.with_name(mesh.name + ".run")
        measures = json.loads((run / "manifest.json").read_text(encoding="utf-8"))["measures"]
        return {
            **_cost(ran),
            "stages": stages(ran, run),
            "measures": measures,
            **self._judged(mesh, run / "field.safetensors"),
        }

    def _poisson(self) -> dict[str, Any]:
        """The depth with the best completeness: chosen with the answer in hand, in Poisson's favour."""
        self._prepare()
        tried: list[dict[str, Any]] = []
        for depth in DEPTHS:
            mesh = self._folder / f"poisson{depth}.ply"
            try:
                ran = self._script("poisson.py", self._scan, mesh, depth, self._given.threads)
            except CommandFailed:
                if depth == DEPTHS[-1] and not tried:
                    raise
                continue
            tried.append({"depth": depth, **_cost(ran), "stages": ran.answer(), **self._judged(mesh)})
        best = min(tried, key=lambda row: row["surface"]["completeness"])
        by_depth = {
            row["depth"]: {
                "completeness": row["surface"]["completeness"],
                "whole_command_seconds": row["whole_command_seconds"],
            }
            for row in tried
        }
        return {**best, "by_depth": by_depth}

    def _judged(self, *files: Path) -> dict[str, Any]:
        return self._script("judge.py", self._data, self._case, self._scan, *files).answer()

    def _script(self, name: str, *arguments: object) -> Ran:
        return benchmark_script(name, *arguments, threads=self._given.threads)


def fit_seconds(row: dict[str, Any], device: str) -> float:
    """Seconds of the fit in a row of ours: of the CPU, or on the wall where a GPU does the work."""
    seconds = 0.0
    for name, taken in row["stages"].items():
        if name.startswith("fit."):
            seconds += taken["wall"] if device != "cpu" or taken["cpu"] is None else taken["cpu"]
    return seconds


def _cost(ran: Ran) -> dict[str, float]:
    return {
        "whole_command_seconds": round(ran.wall, 3),
        "whole_command_cpu_seconds": round(ran.cpu, 3),
        "peak_memory_mib": round(ran.peak_memory_mib, 1),
    }
