"""All stages, by the name that pipeline files use; the code of each loads when it is asked for.

One name all the way: ``fit.sdf`` is the class ``FitSdf`` in ``sdf_siren/stages/fit_sdf.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module

from sdf_siren.engine.stage import Stage

NAMES = (
    "read.points",
    "read.field",
    "read.signal",
    "filter.outliers",
    "filter.normals",
    "fit.sdf",
    "extract.mesh",
    "filter.surface",
    "measure.support",
    "filter.mesh",
    "filter.colours",
    "measure.fit",
    "write.mesh",
    "write.field",
    "write.preview",
    "write.report",
    "read.problem",
    "fit.pde",
    "write.solution",
    "extract.grid",
    "measure.pde",
    "write.grid",
    "write.plots",
    "read.survey",
    "fit.slowness",
    "write.slowness",
    "extract.slowness",
    "measure.slowness",
    "write.survey",
    "read.image",
    "read.audio",
    "read.video",
    "edit.image",
    "fit.image",
    "extract.image",
    "measure.image",
    "write.image",
    "write.audio",
    "write.video",
    "write.sheet",
    "write.page",
    "write.comparison",
)

LIBRARIES = (
    "torch",
    "numpy",
    "scipy",
    "libigl",
    "open3d",
    "scikit-image",
    "trimesh",
    "plyfile",
    "safetensors",
)
"""Distributions whose versions bear on the result and are recorded."""


class _Catalogue(Mapping[str, type[Stage]]):
    def __getitem__(self, name: str) -> type[Stage]:
        if name not in NAMES:
            raise KeyError(name)
        family, noun = name.split(".")
        stage: type[Stage] = getattr(
            import_module(f"{__name__}.{family}_{noun}"), family.title() + noun.title()
        )
        return stage

    def __iter__(self) -> Iterator[str]:
        return iter(NAMES)

    def __len__(self) -> int:
        return len(NAMES)


CATALOGUE: Mapping[str, type[Stage]] = _Catalogue()
