"""``write.image``: the output."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from sdf_siren.engine.stage import Artifacts, Context, Stage


@dataclass(frozen=True)
class WriteImage(Stage):
    """Writes PNG, JPEG, TIFF or NPY by the suffix, and maps beside it: drawn, or in NPY the numbers."""

    name: ClassVar[str] = "write.image"
    needs: ClassVar[tuple[str, ...]] = ("image", "maps")
    writes_output: ClassVar[bool] = True

    def check(self, context: Context) -> None:
        from sdf_siren.io import check_image_path

        check_image_path(context.output)

    def writes(self, context: Context) -> tuple[Path, ...]:
        from sdf_siren.signals.maps import parse_maps

        names = parse_maps(context.options.get("extract.image", {}).get("export"))
        return tuple(_beside(context.output, name) for name in names)

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.io import write_array, write_image
        from sdf_siren.render import draw_map

        for name, values in artifacts["maps"].items():
            path = _beside(context.output, name)
            if path.suffix.lower() == ".npy":
                write_array(values, path)
            else:
                write_image(draw_map(values), path)
        write_image(artifacts["image"], context.output)
        return {}

    def plan(self, artifacts: Artifacts, context: Context) -> list[str]:
        return [str(path) for path in (context.output, *self.writes(context))]


def _beside(output: Path, name: str) -> Path:
    return output.with_name(f"{output.stem}_{name}{output.suffix}")
