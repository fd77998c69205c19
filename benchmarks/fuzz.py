"""Damaged files by the million: every parser of our own under a coverage-guided fuzzer.

    pip install atheris
    python benchmarks/fuzz.py --corpus FOLDER [--seconds 60] [NAME ...]

A parser gets bytes as a file and has to return, or raise an InputError of one line that names the file; any
other exception, any warning, more than two gigabytes or ten seconds are findings, whose bytes are kept in
FOLDER. What covers new code is kept there too and is where the next run goes on. The seeds are the good files
of tests/io. Each parser runs in a process of its own; printed are executions and findings.
"""

from __future__ import annotations

import io
import re
import resource
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import click

ROOT = Path(__file__).resolve().parents[1]
LARGEST_INPUT = 4096
MEMORY_MIB = 2048
ADDRESSES = 16 << 30
"""Bytes of address space: libraries map far more than they use."""

SECONDS_EACH = 10


class Target(NamedTuple):
    """A parser: where it is, what it is called with, the suffix of its files and those it starts from."""

    module: str
    function: str
    suffix: str
    seeds: tuple[str, ...]


TARGETS = {
    "ply": Target("sdf_siren.io", "read_points", ".ply", ("text.ply", "binary.ply")),
    "ply-mesh": Target("sdf_siren.io", "read_mesh", ".ply", ("mesh.ply", "binary.ply")),
    "pcd": Target("sdf_siren.io", "read_points", ".pcd", ("text.pcd", "binary.pcd", "compressed.pcd")),
    "pts": Target("sdf_siren.io", "read_points", ".pts", ("a.pts",)),
    "ptx": Target("sdf_siren.io", "read_points", ".ptx", ("a.ptx",)),
    "xyz": Target("sdf_siren.io", "read_points", ".xyz", ("a.xyz",)),
    "txt": Target("sdf_siren.io", "read_points", ".txt", ("a.txt",)),
    "csv": Target("sdf_siren.io", "read_points", ".csv", ("a.csv",)),
    "pwn": Target("sdf_siren.io", "read_points", ".pwn", ("a.pwn",)),
    "obj": Target("sdf_siren.io", "read_points", ".obj", ("points.obj",)),
    "off": Target("sdf_siren.io", "read_points", ".off", ("points.off",)),
    "glb": Target("sdf_siren.io", "read_points", ".glb", ("points.glb",)),
    "obj-mesh": Target("sdf_siren.io", "read_mesh", ".obj", ("mesh.obj",)),
    "off-mesh": Target("sdf_siren.io", "read_mesh", ".off", ("mesh.off",)),
    "glb-mesh": Target("sdf_siren.io", "read_mesh", ".glb", ("mesh.glb",)),
    "stl-mesh": Target("sdf_siren.io", "read_mesh", ".stl", ("mesh.stl",)),
    "npy": Target("sdf_siren.io", "read_points", ".npy", ("a.npy",)),
    "npz": Target("sdf_siren.io", "read_points", ".npz", ("a.npz",)),
    "png": Target("sdf_siren.io", "read_image", ".png", ("grey.png", "colour.png")),
    "tiff": Target("sdf_siren.io", "read_image", ".tiff", ("grey.tiff", "colour.tiff", "lzw.tiff")),
    "wav": Target("sdf_siren.io", "read_audio", ".wav", ("a.wav",)),
    "lzf": Target("sdf_siren.io.lzf", "decompress", "", ("stream.lzf",)),
    "lzw": Target("sdf_siren.io.lzw", "decompress", "", ("stream.lzw",)),
}


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(tuple(TARGETS)))
@click.option("--corpus", type=click.Path(path_type=Path), required=True)
@click.option("--seconds", type=click.IntRange(1), default=60, show_default=True)
def fuzz(names: tuple[str, ...], corpus: Path, seconds: int) -> None:
    """Fuzz the parsers NAMES, by default all."""
    for name in names or TARGETS:
        folder = corpus / name
        folder.mkdir(parents=True, exist_ok=True)
        for seed, content in seeds(TARGETS[name]).items():
            (folder / seed).write_bytes(content)
        options = [
            f"-max_total_time={seconds}",
            f"-max_len={LARGEST_INPUT}",
            f"-rss_limit_mb={MEMORY_MIB}",
            f"-timeout={SECONDS_EACH}",
            "-print_final_stats=1",
            "-verbosity=1",
            f"-artifact_prefix={corpus / name}-finding-",
        ]
        command = [sys.executable, __file__, "--target", name, *options, str(folder)]
        done = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        count = re.search(r"number_of_executed_units:\s*(\d+)", done.stdout) or re.search(
            r"Done (\d+) runs", done.stdout
        )
        found = re.findall(r"^(?:.*Uncaught Python exception.*\n.*|.*ERROR: libFuzzer.*)$", done.stdout, re.M)
        told = "; ".join(" ".join(each.split()) for each in found) or "nothing found"
        click.echo(f"{name:<10} {int(count.group(1)) if count else 0:>9,} executions, {told}")
        if found or done.returncode:
            (corpus / f"{name}-log.txt").write_text(done.stdout, encoding="utf-8")


def seeds(target: Target) -> dict[str, bytes]:
    """Good files by name."""
    sys.path.append(str(ROOT / "tests" / "io"))
    from test_hostile_files import GOOD

    made = {**GOOD, **_pictures(), **_of_lzw(), "a.wav": _sound(), "stream.lzf": _stream()}
    return {name: made[name] for name in target.seeds}


def _pictures() -> dict[str, bytes]:
    import numpy as np
    import tifffile
    from PIL import Image

    pixels = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    found = {}
    for name, values in (("grey", pixels[..., 0]), ("colour", pixels)):
        for suffix in ("png", "tiff"):
            file = io.BytesIO()
            if suffix == "png":
                Image.fromarray(values).save(file, format="PNG")
            else:
                tifffile.imwrite(file, values)
            found[f"{name}.{suffix}"] = file.getvalue()
    return found


def _sound() -> bytes:
    import wave

    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(range(64)))
    return file.getvalue()


def _stream() -> bytes:
    """The length in two bytes, a literal run and a reference back."""
    return (11).to_bytes(2, "little") + b"\x02abc" + bytes([6 << 5, 2])


def _of_lzw() -> dict[str, bytes]:
    """A picture that Pillow would reduce, and the length of a stream in two bytes and that stream."""
    import numpy as np
    from test_lzw import compressed
    from test_tiff_files import written

    pixels = np.arange(48, dtype=np.uint16).reshape(4, 4, 3)
    stream = (200).to_bytes(2, "little") + compressed(bytes(range(50)) * 4)
    return {"lzw.tiff": written(pixels, "<", 2, "strips"), "stream.lzw": stream}


def _run(name: str, arguments: list[str]) -> None:
    """Fuzz one parser in this process."""
    import atheris

    with atheris.instrument_imports(include=["sdf_siren"]):
        import importlib

        target = TARGETS[name]
        from sdf_siren.errors import InputError

        parse: Callable[..., Any] = getattr(importlib.import_module(target.module), target.function)
    folder = tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
    path = Path(folder) / f"scan{target.suffix}"

    def read(data: bytes) -> None:
        if not target.suffix:  # a stream without a file around it, and how long it is to become
            size = int.from_bytes(data[:2], "little")
            with suppress(ValueError):
                found = len(parse(data[2:], size))
                assert found == size if name == "lzf" else found <= size
            return
        path.write_bytes(data)
        try:
            parse(path)
            message = str(path)
        except InputError as error:
            message = str(error)
        assert "\n" not in message, message
        assert str(path) in message, message

    warnings.simplefilter("error")
    atheris.Setup([sys.argv[0], *arguments], read)
    atheris.Fuzz()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--target"]:
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
        _run(sys.argv[2], sys.argv[3:])
    else:
        fuzz()
