"""What a file is, by its first bytes: names of pictures and sounds are often wrong."""

from __future__ import annotations

HEAD = 32
"""First bytes that are needed."""

_STARTS = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",  # BigTIFF
    b"MM\0+": "TIFF",
    b"BM": "BMP",
    b"%PDF": "PDF",
    b"\x93NUMPY": "NPY",
}
_WEB = (b"<!doctype", b"<html", b"<head", b"<?xml", b"<svg")


def kind_of(head: bytes) -> str | None:
    """The format of a file that starts with ``head``, by the names that Pillow has; None if unknown."""
    if head[:4] == b"RIFF":
        return {b"WAVE": "WAV", b"WEBP": "WEBP"}.get(head[8:12])
    if head[4:8] == b"ftyp":
        return "MP4"
    return next((kind for start, kind in _STARTS.items() if head.startswith(start)), None)


def described(head: bytes) -> str:
    """What a file that starts with ``head`` seems to be, for messages."""
    kind = kind_of(head)
    if kind:
        return f"{kind} data"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_WEB):
        return "a web page or XML text"
    return f"a file that starts with {head[:8]!r}"
