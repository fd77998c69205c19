"""A folder with good and bad scans: what becomes of each, scans per minute, and a batch that is killed.

    python benchmarks/batch.py --data FOLDER

The batch is run with one job at a time and with two, must give the same meshes, then is killed by SIGKILL in
the middle and resumed, and must give them again with no fit step taken twice.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from cases import WATERTIGHT
from machine import describe_machine, source_commit

HERE = Path(__file__).resolve().parent
COUNTS = (2_000, 10_000)
GIVEN = ("demo/spot_points_12k.ply", "demo/hammer_points_30k.ply")
MEMORY_GB = 1.6
"""The limit of the batch: more than the good scans hold with their reports, and less than the big one."""
BIG = 4_000_000
"""Points of a valid scan that needs more; a fit takes about 900 bytes for each."""
BAD = {
    "empty": "input",
    "truncated": "input",
    "page": "input",
    "abort": "crash",
    "big": "memory",
}
"""What must fail, and why."""


def make_scans(data: Path, folder: Path) -> list[str]:
    """The folder of scans; returns the names of the good ones."""
    import numpy as np
    import virtual_scans
    from prepare import write_scan

    from sdf_siren.clouds import PointCloud
    from sdf_siren.io import read_mesh

    folder.mkdir(parents=True)
    good = []
    for name, file in WATERTIGHT.items():
        mesh = read_mesh(data / file)
        for seed, count in enumerate(COUNTS):
            good.append(f"{name}_{count}")
            write_scan(virtual_scans.sampled(mesh, count, seed), folder / f"{good[-1]}.ply")
    for file in GIVEN:
        shutil.copy(data / file, folder)
        good.append(Path(file).stem)
    whole = (folder / f"{good[0]}.ply").read_bytes()
    (folder / "empty.ply").touch()
    (folder / "truncated.ply").write_bytes(whole[: len(whole) // 2])
    (folder / "page.ply").write_text("<!doctype html>\n<html><body>404</body></html>\n")
    (folder / "abort.ply").write_bytes(whole)
    ball = np.random.default_rng(0).normal(size=(BIG, 3))
    ball /= np.linalg.norm(ball, axis=1, keepdims=True)
    write_scan(PointCloud(ball, ball), folder / "big.ply")
    return good


class Batch:
    """The command on the folder of scans, with its outputs in a folder of their own."""

    def __init__(self, scans: Path, output: Path, jobs: int, manner: tuple[str, ...]) -> None:
        self.output = output
        script = str(HERE / "faulty_batch.py")
        where = (str(scans), "-o", str(output), "--jobs", str(jobs))
        self._words = [sys.executable, script, *where, "--memory-limit", str(MEMORY_GB), *manner]

    def start(self, *more: str) -> subprocess.Popen[str]:
        """In a process of its own."""
        root = os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")])
        environment = {**os.environ, "PYTHONPATH": root}
        return subprocess.Popen(
            [*self._words, *more], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def run(self, *more: str) -> dict[str, Any]:
        """To the end: exit code and seconds on the wall."""
        start = time.perf_counter()
        process = self.start(*more)
        _, said = process.communicate()
        return {"exit": process.returncode, "seconds": time.perf_counter() - start, "said": said[-2000:]}

    def run_losing_a_process(self, ended: int, *more: str) -> dict[str, Any]:
        """As :meth:`run`, on Ray; when so many jobs have ended, the process of one at work is killed."""
        import psutil

        start = time.perf_counter()
        process = self.start(*more)
        assert process.stderr is not None
        said, seen, lost = "", 0, 0
        for line in process.stderr:
            said += line
            seen += line.startswith("[")
            if seen >= ended and not lost:
                at_work = [p for p in psutil.process_iter() if p.name().startswith("ray::attempt")]
                for one in at_work[:1]:
                    one.kill()
                    lost += 1
        process.wait()
        return {
            "exit": process.returncode,
            "seconds": time.perf_counter() - start,
            "said": said[-2000:],
            "processes_killed": lost,
        }

    def kill_after(self, ended: int) -> int:
        """Start, kill -9 when so many jobs have ended, wait for the workers; returns how many had."""
        import psutil

        process = self.start()
        assert process.stderr is not None
        seen = 0
        for line in process.stderr:
            seen += line.startswith("[")
            if seen >= ended:
                break
        workers = psutil.Process(process.pid).children()
        process.send_signal(signal.SIGKILL)
        process.communicate()
        psutil.wait_procs(workers, timeout=30)
        return seen

    def rows(self) -> dict[str, dict[str, str]]:
        """The summary, by the stems of the scans."""
        with open(self.output / "summary.csv", encoding="utf-8", newline="") as file:
            return {Path(row["name"]).stem: row for row in csv.DictReader(file)}

    def same(self, other: Batch, names: list[str]) -> bool:
        """Whether all these meshes are there and the same, byte by byte."""
        pairs = [(self.output / f"{name}.ply", other.output / f"{name}.ply") for name in names]
        return all(a.exists() and b.exists() and a.read_bytes() == b.read_bytes() for a, b in pairs)

    def steps_repeated(self, name: str) -> int:
        """Fit steps that were reported more than once, by whatever process."""
        path = self.output / f"{name}.ply.run" / "events.jsonl"
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        events = [json.loads(line) for line in lines if line.endswith("}")]
        steps = [e["done"] for e in events if e["kind"] == "progress" and e.get("task") == "fit"]
        return len(steps) - len(set(steps))


def judged(batch: Batch, good: list[str]) -> dict[str, Any]:
    """What became of the scans of a batch that ran to its end."""
    rows = batch.rows()
    failed = {name: rows[name]["kind"] for name in BAD}
    return {
        "good": sum(rows[name]["status"] in ("done", "skipped") for name in good),
        "of": len(good),
        "skipped": sum(row["status"] == "skipped" for row in rows.values()),
        "bad_as_expected": failed == BAD,
        "reasons": {name: rows[name]["reason"] for name in BAD},
    }


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--quality", default="draft", show_default=True)
@click.option("--device", default="cpu", show_default=True)
@click.option("--set", "settings", multiple=True, help="As for reconstruct; for a rehearsal.")
@click.option("--work", type=click.Path(path_type=Path), help="A new folder to keep; else a temporary one.")
@click.option("--output", type=click.Path(path_type=Path), help="JSON to write.")
def batch(
    data: Path, quality: str, device: str, settings: tuple[str, ...], work: Path | None, output: Path | None
) -> None:
    """Run the batches."""
    now = datetime.now(UTC)
    output = output or HERE / "results" / f"batch-{now:%Y%m%d-%H%M}.json"
    with tempfile.TemporaryDirectory() as temporary:
        folder = work or Path(temporary)
        good = make_scans(data, folder / "scans")
        settings = tuple(word for text in settings for word in ("--set", text))
        rows = measured(folder, good, ("--quality", quality, "--device", device, *settings))
    head = {
        **describe_machine(now),
        "commit": source_commit(),
        "settings": {"quality": quality, "device": device},
    }
    output.write_text(json.dumps({**head, "rows": rows}, indent=1) + "\n", encoding="utf-8")
    output.with_suffix(".md").write_text(table(rows), encoding="utf-8")
    click.echo(table(rows))


def measured(folder: Path, good: list[str], manner: tuple[str, ...]) -> list[dict[str, Any]]:
    """One row for each batch."""
    rows: list[dict[str, Any]] = []
    first: Batch | None = None
    for jobs in (1, 2):
        run = Batch(folder / "scans", folder / f"jobs{jobs}", jobs, manner)
        row = {"batch": f"--jobs {jobs}", **run.run(), **judged(run, good)}
        row["scans_per_minute"] = 60 * row["good"] / row["seconds"]
        first = first or run
        rows.append({**row, "same_meshes": run.same(first, good)})
    assert first is not None
    run = Batch(folder / "scans", folder / "killed", 2, manner)
    ended = run.kill_after((len(good) + len(BAD)) // 2)
    row = {"batch": f"killed after {ended}, --resume", **run.run("--resume"), **judged(run, good)}
    row["same_meshes"] = run.same(first, good)
    row["steps_repeated"] = sum(run.steps_repeated(name) for name in good)
    rows.append(row)
    for name, killing in (("ray", False), ("ray, one process killed", True)):
        run = Batch(folder / "scans", folder / name.replace(", ", "_").replace(" ", "_"), 2, manner)
        if killing:
            found = run.run_losing_a_process((len(good) + len(BAD)) // 3, "--executor", "ray")
        else:
            found = run.run("--executor", "ray")
        row = {"batch": f"--executor ray, 2 at a time{', one process killed' * killing}", **found}
        row |= judged(run, good)
        row["scans_per_minute"] = 60 * row["good"] / row["seconds"]
        row["tried_again"] = [name for name, line in run.rows().items() if line["attempts"] == "2"]
        rows.append({**row, "same_meshes": run.same(first, good)})
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """For people."""
    lines = [
        "| batch | exit | good scans done | bad ones as expected | same meshes | seconds | good a minute |",
        "|---|--:|--:|---|---|--:|--:|",
    ]
    for row in rows:
        pace = f"{row['scans_per_minute']:.2f}" if "scans_per_minute" in row else ""
        cells = [row["batch"], row["exit"], f"{row['good']} of {row['of']}", _word(row["bad_as_expected"])]
        cells += [_word(row["same_meshes"]), f"{row['seconds']:.0f}", pace]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    last = next(row for row in rows if "steps_repeated" in row)
    told = (
        f"After the kill {last['skipped']} jobs were found done, {last['steps_repeated']} fit steps repeated."
    )
    again = [f"{row['batch']}: {', '.join(row['tried_again'])}" for row in rows if "tried_again" in row]
    told += f" Tried again with {'; '.join(again)}."
    reasons = "\n".join(f"* {name}: {reason}" for name, reason in rows[0]["reasons"].items())
    return "\n".join(lines) + f"\n\n{told}\n\n{reasons}\n"


def _word(truth: bool) -> str:
    return "yes" if truth else "no"


if __name__ == "__main__":
    batch()
