"""What a batch can be of: suffixes and a pipeline; it knows nothing else of scans and images."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from sdf_siren.errors import UsageError


@dataclass(frozen=True)
class Kind:
    """A kind of input.

    Attributes:
        noun: for messages.
        pipeline: name of the shipped pipeline.
        suffixes: of the files that a folder is searched for, in lower case, with the dot.
        formats: suffixes of outputs; the first is the default.
        settings: options of the shipped pipeline's stages that differ for many: by ``stage.option``.
    """

    noun: str
    pipeline: str
    suffixes: Collection[str]
    formats: tuple[str, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)

    def suffix_for(self, name: str | None) -> str:
        """The suffix for the name of a format, as ``ply`` or ``.ply``; None is the default.

        Raises:
            UsageError: it cannot be written.
        """
        suffix = self.formats[0] if name is None else f".{name.lower().removeprefix('.')}"
        if suffix not in self.formats:
            known = " ".join(known.removeprefix(".") for known in self.formats)
            raise UsageError(f"--format: expected one of {known}, found {name!r}")
        return suffix


def kind_of(noun: str) -> Kind:
    """The kind of ``scan`` or ``image``; what can be read is asked of the readers themselves.

    Raises:
        UsageError: another noun.
    """
    if noun not in ("scan", "image"):
        raise UsageError(f"kind: expected scan or image, found {noun!r}")
    if noun == "image":
        from sdf_siren.io.images import IMAGE_SUFFIXES

        return Kind("image", "image", IMAGE_SUFFIXES, IMAGE_SUFFIXES, {"write.page.wanted": True})
    from sdf_siren.io.mesh_reader import MESH_SUFFIXES
    from sdf_siren.io.points import SCAN_SUFFIXES

    formats = (".ply", *sorted(MESH_SUFFIXES - {".ply"}))
    return Kind("scan", "surface", SCAN_SUFFIXES, formats, {"write.report.wanted": True})
