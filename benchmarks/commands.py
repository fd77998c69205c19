"""Run one command and say what it cost: wall and CPU seconds, peak memory, and the stages of a run.

Nothing heavy may be imported here: Linux hands the peak memory of a parent on to its children.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
_TICK = 0.02
"""Seconds between looks at a command's CPU time; the system counts it in hundredths."""


class CommandFailed(Exception):
    """A command ended with an error; the text is the last line that it said."""


@dataclass(frozen=True)
class Ran:
    """What a command cost and said.

    Attributes:
        wall: seconds from start to end of the process.
        cpu: seconds of all its threads, in user and system mode.
        peak_memory_mib: the most memory that was resident at once; absolute, libraries included.
        said: its standard output.
        cpu_by_time: (time of day, CPU seconds so far), every now and then.
    """

    wall: float
    cpu: float
    peak_memory_mib: float
    said: str
    cpu_by_time: list[tuple[float, float]]

    def answer(self) -> dict[str, Any]:
        """The last line of the output, which is JSON."""
        result: dict[str, Any] = json.loads(self.said.splitlines()[-1])
        return result

    def cpu_at(self, moment: float) -> float | None:
        """CPU seconds used until a time of day; None where the system does not tell."""
        past = [cpu for when, cpu in self.cpu_by_time if when <= moment]
        return past[-1] if past else None


def python(arguments: list[str], threads: int) -> Ran:
    """Run Python in a process of its own.

    Raises:
        CommandFailed: it returned an error.
    """
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as complained:
        start = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *arguments], env=environment, stdout=said, stderr=complained, text=True
        )
        cpu_by_time: list[tuple[float, float]] = []
        ended = threading.Event()
        watch = threading.Thread(target=_watch, args=(process.pid, ended, cpu_by_time))
        watch.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - start
        except BaseException:  # Ctrl-C: the command has no business to go on alone
            process.kill()
            process.wait()
            raise
        finally:
            ended.set()
            watch.join()
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        complained.seek(0)
        if process.returncode:
            lines = complained.read().strip().splitlines() or [f"exit code {process.returncode}"]
            raise CommandFailed(lines[-1][:200])
        kilobytes = usage.ru_maxrss if sys.platform != "darwin" else usage.ru_maxrss / 1024
        cpu = usage.ru_utime + usage.ru_stime
        return Ran(wall, cpu, kilobytes / 1024, said.read(), cpu_by_time)


def benchmark_script(name: str, *arguments: object, threads: int) -> Ran:
    """Run a script beside this one."""
    return python([str(HERE / name), *map(str, arguments)], threads)


def stages(ran: Ran, run_folder: Path) -> dict[str, dict[str, float | None]]:
    """Wall and CPU seconds of every stage of a ``reconstruct`` that has just run, from its events.

    Wall seconds are those of the manifest. CPU seconds are the process's own count at the start and the
    end of the stage, good to a few hundredths.
    """
    found: dict[str, dict[str, float | None]] = {}
    started: dict[str, float | None] = {}
    for line in (run_folder / "events.jsonl").read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        stage, cpu = event["stage"], ran.cpu_at(datetime.fromisoformat(event["time"]).timestamp())
        if event["kind"] == "stage_started":
            started[stage] = cpu
        elif event["kind"] == "stage_done":
            before = started[stage]
            used = None if cpu is None or before is None else round(cpu - before, 3)
            found[stage] = {"wall": event["seconds"], "cpu": used}
    return found


def _watch(process: int, ended: threading.Event, cpu_by_time: list[tuple[float, float]]) -> None:
    """Note the CPU seconds of a process until it has ended; Linux only."""
    ticks = os.sysconf("SC_CLK_TCK")
    while not ended.wait(_TICK):
        try:
            # What follows the name in parentheses, which may hold blanks, is from the third field on.
            fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            return
        cpu_by_time.append((time.time(), (int(fields[11]) + int(fields[12])) / ticks))
