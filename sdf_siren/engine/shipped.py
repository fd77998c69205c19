"""Where the pipeline files that come with the program are."""

from __future__ import annotations

from pathlib import Path

from sdf_siren.errors import UsageError

_PACKAGE = Path(__file__).resolve().parent.parent


def shipped_pipeline(name: str, package: Path = _PACKAGE) -> Path:
    """The path of ``<name>.toml`` among the shipped pipelines.

    An installed wheel carries them inside the package; in a checkout (and an editable install, which
    runs the checkout) they lie in the sibling folder ``pipelines``.

    Raises:
        UsageError: there is no such file; the installation is damaged.
    """
    places = [package / "pipelines" / f"{name}.toml", package.parent / "pipelines" / f"{name}.toml"]
    for path in places:
        if path.is_file():
            return path
    raise UsageError(
        f"the pipeline {name}.toml is missing at {places[0]} and {places[1]}; install sdf-siren again"
    )
