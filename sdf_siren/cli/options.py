"""Options that several commands share."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


class _AnyPath(click.Path):
    """A path as it was given: whether it can be read or written is told by what reads or writes it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not os.fspath(value):  # a variable of a shell without a value; as a path, this very folder
            self.fail("expected a path, found an empty text", param, ctx)
        return Path(value)


PATH = _AnyPath()
"""The type of every argument and option that names a file or a folder."""


def bundled(command: Command, kind: type[Any], name: str, options: Sequence[Callable[[Any], Any]]) -> Command:
    """Add ``options`` to a command, which gets them as one argument ``name`` of the dataclass ``kind``."""

    @functools.wraps(command)
    def gathered(**given: Any) -> Any:
        bundle = kind(**{field.name: given.pop(field.name) for field in fields(kind)})
        return command(**given, **{name: bundle})

    decorated: Any = gathered
    for option in reversed(options):
        decorated = option(decorated)
    found: Command = decorated
    return found


def output_option(command: Command) -> Command:
    """``-o``: the file to write."""
    return click.option(
        "-o",
        "--output",
        type=PATH,
        metavar="OUT.(ply|obj|stl|off|glb)",
        help="The mesh to write; its suffix is the format. Of several scans, the folder for the meshes.  "
        "[default: <name>_mesh.ply in this folder]",
    )(command)


def resolution_option(command: Command) -> Command:
    """``--resolution``: of the extraction."""
    return click.option(
        "--resolution",
        type=int,
        metavar="N",
        help="Cells along a side of the cube around the scan, 8 to 1024, all of one size.  "
        "[default: 180, finer where the surface bends]",
    )(command)


def surface_options(command: Command) -> Command:
    """``--surface`` and ``--support``: what to show where there was no data, and how to tell it."""
    command = click.option(
        "--support",
        is_flag=True,
        help="Give every vertex its distance to the scan in the scan's spacings, as an attribute.",
    )(command)
    return click.option(
        "--surface",
        metavar="auto|open|closed",
        help="Keep the surface whole, or cut it off where no point of the scan is near.  [default: auto]",
    )(command)


def machine_options(command: Command) -> Command:
    """``--device`` and ``--threads``."""
    command = click.option("--threads", type=click.IntRange(1, 4096), metavar="N", help="CPU threads.")(
        command
    )
    return click.option(
        "--device", default="auto", callback=_device, metavar="auto|cpu|cuda[:i]", help="Where to compute."
    )(command)


def seed_option(command: Command) -> Command:
    """``--seed``."""
    return click.option(
        "--seed", type=click.IntRange(0, 2**63 - 1), metavar="N", help="Of all random choices.  [default: 0]"
    )(command)


def setting_option(command: Command) -> Command:
    """``--set``: any option of any stage."""
    return click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="STAGE.OPTION=VALUE",
        help="Change any option of a stage, such as fit.sdf.steps=2000.",
    )(command)


def manner_options(command: Command) -> Command:
    """``--force``, ``--quiet``, ``--verbose`` and ``--debug``."""
    command = click.option("--debug", is_flag=True, expose_value=False, help="Show tracebacks.")(command)
    command = click.option("--verbose", is_flag=True, help="Say more.")(command)
    command = click.option("--quiet", is_flag=True, help="Say nothing but errors.")(command)
    return click.option("--force", is_flag=True, help="Replace an earlier output and its run.")(command)


def version_option(command: Command) -> Command:
    """``--version``."""
    import sdf_siren

    return click.version_option(
        sdf_siren.__version__, prog_name="reconstruct", message="%(prog)s %(version)s"
    )(command)


def refuse_contradiction(quiet: bool, verbose: bool) -> None:
    """``--quiet`` and ``--verbose`` exclude each other."""
    if quiet and verbose:
        raise click.UsageError("--quiet and --verbose contradict each other; use one of them")


def use_threads(threads: int | None) -> None:
    """Bound the CPU threads; must come before the first import of a library that starts its own."""
    if threads is None:
        return
    os.environ["OMP_NUM_THREADS"] = str(threads)
    import torch

    torch.set_num_threads(threads)


def check_device(device: str) -> None:
    """Refuse a GPU that this machine lacks before anything is read; torch is loaded only if one is named.

    Raises:
        UsageError: there is no such GPU.
    """
    if device.startswith("cuda"):
        from sdf_siren.fields import choose_device

        choose_device(device)


def _device(_: click.Context, __: click.Parameter, value: str) -> str:
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", value):
        raise click.BadParameter(f"expected auto, cpu, cuda or cuda:<index>, found {value!r}")
    return value
