"""The entry point: which command is meant, and how every failure is told."""

from __future__ import annotations

import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from types import FrameType

import click

from sdf_siren.errors import Interrupted, SdfSirenError, is_out_of_memory, reason_of

SUBCOMMANDS = {
    "mesh": "sdf_siren.cli.mesh:mesh",
    "evaluate": "sdf_siren.cli.evaluate:evaluate",
    "report": "sdf_siren.cli.report:report",
    "compare": "sdf_siren.cli.compare:compare",
    "pde": "sdf_siren.cli.pde:pde",
    "view": "sdf_siren.cli.view:view",
    "image": "sdf_siren.cli.image:image",
    "audio": "sdf_siren.cli.signal:audio",
    "video": "sdf_siren.cli.signal:video",
}
_SCAN = "sdf_siren.cli.scan:scan"


class _Terminated(KeyboardInterrupt):
    """SIGTERM: as Ctrl-C, so that whatever keeps its state on Ctrl-C keeps it here too."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    0 done, 1 the job failed, 2 usage, 3 unreadable input, 130 interrupted (143 by SIGTERM).
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    # Only the first word can be a subcommand, and then it is one: ./mesh means a file of that name.
    name = given[0] if given and given[0] in SUBCOMMANDS else ""
    module, attribute = SUBCOMMANDS.get(name, _SCAN).split(":")
    stopped: list[int] = []
    try:
        with _termination(stopped):
            command: click.Command = getattr(import_module(module), attribute)
            code = command.main(
                args=given[1:] if name else given,
                prog_name=f"reconstruct {name}".strip(),
                standalone_mode=False,
            )
        return code if isinstance(code, int) else 0
    except (Exception, KeyboardInterrupt) as error:
        if "--debug" in given and not isinstance(error, click.ClickException):
            traceback.print_exc()
        text, code = _told(error, given)
        click.echo(f"reconstruct: {' '.join(text.split())}", err=True)
        return 143 if stopped and code == Interrupted.exit_code else code


def _told(error: BaseException, given: list[str]) -> tuple[str, int]:
    """The line that the user reads, and the exit code."""
    match error:
        case Interrupted():
            return str(error), error.exit_code
        case KeyboardInterrupt() | click.Abort():
            return "interrupted; nothing was written", Interrupted.exit_code
        case click.ClickException():
            late = [word for word in given[1:] if word in SUBCOMMANDS]
            hint = f" (the subcommand comes first: reconstruct {late[0]} ...)" if late else ""
            return f"error: {error.format_message().rstrip('.')}{hint}; see reconstruct --help", 2
        case SdfSirenError():
            return f"error: {error}", error.exit_code
        case OSError() if error.strerror:
            return f"error: {reason_of(error)}", 1
        case _ if is_out_of_memory(error):
            advice = "lower --resolution or --size, crop the input, or free memory"
            return f"error: {reason_of(error)}; {advice}", 1
        case _:
            return f"error: {reason_of(error)}; run again with --debug for the traceback", 1


@contextmanager
def _termination(stopped: list[int]) -> Iterator[None]:
    """Turn SIGTERM into an exception, where signals can be handled (the main thread)."""

    def stop(number: int, _: FrameType | None) -> None:
        stopped.append(number)
        raise _Terminated

    try:
        before = signal.signal(signal.SIGTERM, stop)
    except ValueError:
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


if __name__ == "__main__":
    sys.exit(main())
