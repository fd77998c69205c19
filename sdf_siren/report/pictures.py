"""Pictures that a page holds, made of those that runs left."""

from __future__ import annotations

import base64
import io
from pathlib import Path

from PIL import Image

THUMBNAIL = (192, 128)
"""Largest size in the index, pixels: twice what is shown, for fine screens."""


def still(path: Path) -> str | None:
    """A picture as a ``data:`` address, smaller than its file; None where there is none that can be read."""
    picture = _opened(path)
    return None if picture is None else _address(picture, 85)


def exact(path: Path) -> str | None:
    """A picture as a ``data:`` address without loss; None where there is none that can be read."""
    picture = _opened(path)
    return None if picture is None else _address(picture, None)


def thumbnail(path: Path, *, of_mesh: bool) -> str | None:
    """A small version as a ``data:`` address; None where there is none that can be read.

    Args:
        path: of a picture.
        of_mesh: it is the sheet that :func:`sdf_siren.render.write_preview` draws, with the scan in its first
            quarter and the mesh in its second, which is shown.
    """
    picture = _opened(path)
    if picture is None:
        return None
    if of_mesh:
        width, height = picture.size
        picture = picture.crop((width // 2, 0, width, height // 2))
    picture.thumbnail(THUMBNAIL)
    return _address(picture, 80)


def _opened(path: Path) -> Image.Image | None:
    try:
        with Image.open(path) as picture:
            return picture.convert("RGB")
    except (OSError, ValueError, Image.DecompressionBombError):  # missing, damaged: pages can do without
        return None


def _address(picture: Image.Image, quality: int | None) -> str:
    """As JPEG of a quality, or as PNG."""
    buffer, form = io.BytesIO(), "png" if quality is None else "jpeg"
    picture.save(buffer, format=form, **({} if quality is None else {"quality": quality}))
    return f"data:image/{form};base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
