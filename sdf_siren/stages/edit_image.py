"""``edit.image``: what a picture's differences shall be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from sdf_siren.engine.options import option
from sdf_siren.engine.stage import Artifacts, Context, Stage
from sdf_siren.errors import UsageError


@dataclass(frozen=True)
class EditImage(Stage):
    """Clones a part of another picture into the image, or mixes the two, by their differences."""

    name: ClassVar[str] = "edit.image"
    needs: ClassVar[tuple[str, ...]] = ("signal",)
    gives: ClassVar[tuple[str, ...]] = ("edit",)
    prepares: ClassVar[bool] = True

    source: str | None = option(None, "The picture to clone from, a path from the current folder.")
    mask: str | None = option(None, "A picture of the source's size, bright where it is cloned.")
    offset: tuple[int, int] | None = option(
        None, "Column and row of the image where the source's first pixel goes. Left open: 0, 0."
    )
    guidance: str = option(
        "source",
        "The source's differences, or the larger of the source's and the image's own.",
        choices=("source", "mixed"),
    )
    mix: str | None = option(
        None, "Instead: a picture of the image's size; of both the larger differences, everywhere."
    )

    def reads(self, context: Context) -> tuple[Path, ...]:
        return tuple(Path(path) for path in (self.source, self.mask, self.mix) if path is not None)

    def check(self, context: Context) -> None:
        clones = [self.source, self.mask]
        if self.mix is None and None in clones:
            missing = "source" if self.source is None else "mask"
            raise UsageError(f"edit.image: expected a source and its mask, or mix; found no {missing}")
        if self.mix is not None and (clones != [None, None] or self.offset is not None):
            raise UsageError("edit.image: mix takes two whole pictures; leave out source, mask and offset")

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.io import read_edit

        column, row = self.offset or (0, 0)
        pictures = {"source": self.source, "mask": self.mask, "mix": self.mix}
        edit = read_edit(artifacts["signal"], **pictures, offset=(row, column), guidance=self.guidance)
        if edit.cut:
            context.note(
                f"{edit.cut:,} pixels of the mask stay as they are: they stick out or touch a border"
            )
        return {"edit": edit}

    def plan(self, artifacts: Artifacts, context: Context) -> list[str]:
        edited = int((~artifacts["edit"].stays).sum())
        return [f"{edited:,} of {artifacts['edit'].stays.size:,} pixels change"]
