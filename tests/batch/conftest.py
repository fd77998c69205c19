"""Batches of words: inputs of a few letters under a pipeline of no substance."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.append(str(HERE))  # the tests share words.py


@pytest.fixture
def words(monkeypatch):
    """The module words, whose stages are the catalogue here, and which workers can import."""
    import words

    monkeypatch.setattr("sdf_siren.stages.CATALOGUE", words.CATALOGUE)
    monkeypatch.setenv("PYTHONPATH", str(HERE))
    return words


@pytest.fixture
def batch_of(words, tmp_path):
    """``batch_of({"a.words": "text", ...}, **manner)``: of files in ``in``, with outputs in ``out``."""
    from sdf_siren.batch.plan import plan
    from sdf_siren.engine.pipeline import parse

    def build(texts=None, pipeline=words.PIPELINE, **manner):
        for name, text in (texts or {}).items():
            path = tmp_path / "in" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        asked = parse(pipeline, words.CATALOGUE)
        return plan([tmp_path / "in"], tmp_path / "out", words.KIND, asked, device="cpu", **manner)

    return build
