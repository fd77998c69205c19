"""How a job of a batch ended, in words that files and people understand."""

from __future__ import annotations

import dataclasses
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

Status = Literal["done", "skipped", "failed", "elsewhere", "interrupted", "waiting"]
"""``skipped``: was done before and is unchanged. ``elsewhere``: another process is at it.
``interrupted``: stopped, to be continued. ``waiting``: not begun."""

Kind = Literal["", "input", "usage", "fit", "internal", "memory", "timeout", "crash", "killed"]
"""Why a job failed: ``fit`` is every deliberate error of a stage, ``crash`` the end of the worker by its own
fault (a signal, an exit), ``killed`` its end by SIGKILL from elsewhere, as by a system short of memory."""

_KILL = 9
"""SIGKILL; Windows has no name for it."""


@dataclass(frozen=True)
class JobResult:
    """What a job came to; one row of the summary.

    Attributes:
        name: of the input, relative to what was named.
        input: path of the input.
        output: path of the output.
        status: how it ended.
        kind: of the failure; empty for all other ends.
        reason: one line; empty where there is nothing to say.
        seconds: on the wall, of the last attempt.
        attempts: times that it was begun by this batch.
        peak_memory: bytes resident at most during the last attempt, libraries included; 0 if unknown.
        measures: figures that the stages recorded.
    """

    name: str
    input: str
    output: str
    status: Status
    kind: Kind = ""
    reason: str = ""
    seconds: float = 0.0
    attempts: int = 1
    peak_memory: int = 0
    measures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Whether the output is there."""
        return self.status in ("done", "skipped")

    def to_json(self) -> dict[str, Any]:
        """Only what JSON can say."""
        return {**dataclasses.asdict(self), "measures": dict(self.measures)}

    @classmethod
    def from_json(cls, document: Any) -> JobResult:
        """Back again.

        Raises:
            ValueError: not a result of this version.
        """
        names = {f.name for f in dataclasses.fields(cls)}
        if (
            not isinstance(document, dict)
            or document.keys() != names
            or document["status"] not in get_args(Status)
            or document["kind"] not in get_args(Kind)
            or not isinstance(document["measures"], dict)
        ):
            raise ValueError("not a result of this version")
        return cls(**document)


def death_of(code: int, words: str) -> tuple[Kind, str]:
    """Kind and reason of a failure that ended the worker.

    Args:
        code: its exit code, negative for a signal.
        words: the end of what it wrote to standard error.
    """
    if code == -_KILL:
        return "killed", "the worker was killed from outside, as by a system short of memory"
    try:
        cause = f"signal {-code}, {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    except ValueError:  # a signal without a name
        cause = f"signal {-code}"
    # What a library says comes before the traceback that faulthandler adds.
    first = next((line.strip() for line in words.splitlines() if line.strip()), "")
    return "crash", f"the worker crashed ({cause})" + (f": {shown(first)[:200]}" if first else "")


def shown(text: str) -> str:
    """``text`` on one line of a terminal: control characters and bytes that are no text are escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
