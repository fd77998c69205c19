"""Pipeline files: strict in, resolved out."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdf_siren.engine.pipeline import Override, differences, load, parse, parse_override
from sdf_siren.errors import SdfSirenError, UsageError


def test_parsed(catalogue, pipeline_text):
    pipeline = parse(pipeline_text, catalogue)
    assert [stage.name for stage in pipeline.stages] == [
        "read.text",
        "fit.word",
        "write.text",
        "write.picture",
    ]
    assert (pipeline.title, pipeline.seed) == ("Words", 7)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.integers(1, 100),
    rate=st.none() | st.floats(0, 1e300),
    label=st.text(st.characters(exclude_categories=("Cs",))),
    seed=st.integers(0, 2**63 - 1),
    box=st.none() | st.tuples(*[st.floats(allow_nan=False, allow_infinity=False)] * 2),
)
def test_resolved_file_is_the_same_pipeline(catalogue, pipeline_text, steps, rate, label, seed, box):
    given_values = {"steps": steps, "rate": rate, "label": label, "box": box}
    overrides = [Override("fit.word", k, v, "test") for k, v in given_values.items() if v is not None]
    pipeline = parse(pipeline_text, catalogue).with_options(overrides, seed=seed)
    text = pipeline.to_toml()
    again = parse(text, catalogue)
    assert again == pipeline
    assert again.to_toml() == text
    assert differences(text, again.to_toml()) == []


WRONG = [
    ("", "expected at least one [[stages]] table"),
    ("stages = []", "expected at least one"),
    ("a = = 1", "expected a pipeline file in TOML"),
    ("x = " + "[" * 5000, "expected a pipeline file in TOML"),
    ('titel = "x"', "unknown key 'titel'; did you mean title?"),
    ("title = 3", "title: expected a text, found 3"),
    ("seed = true", "seed: expected a whole number, found True"),
    ('seed = "a"', "seed: expected a whole number"),
    ("stages = 3", "expected [[stages]] tables"),
    ("stages = [1]", "expected [[stages]] tables"),
    ("[[stages]]\nsteps = 3", 'needs a line such as use = "read.points"'),
    ("[[stages]]\nuse = 3", "found 3"),
    ('[[stages]]\nuse = "fit.wrd"', "unknown stage 'fit.wrd'; did you mean fit.word?"),
    ('[[stages]]\nuse = "qqqq"', "it takes read.text, fit.word, write.text, write.picture"),
    ('[[stages]]\nuse = "fit.word"', "fit.word needs text, which no earlier stage gives"),
    ('[[stages]]\nuse = "read.text"\nuper = true', "read.text has no option 'uper'; did you mean upper?"),
    ('[[stages]]\nuse = "read.text"\nupper = 1', "read.text.upper: expected true or false, found 1"),
    ('[[stages]]\nuse = "read.text"\n[[stages]]\nuse = "read.text"', "read.text appears twice"),
    ('[[stages]]\nuse = "read.text"', "no stage writes the output"),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_refused(catalogue, text, message):
    with pytest.raises(UsageError) as caught:
        parse(text, catalogue, "my.toml")
    assert str(caught.value).startswith("my.toml: ")
    assert message in str(caught.value)


@pytest.mark.parametrize("seed", ["-1", str(2**63)])
def test_seed_range(catalogue, pipeline_text, seed):
    with pytest.raises(UsageError, match="seed: expected 0 to"):
        parse(pipeline_text.replace("seed = 7", f"seed = {seed}"), catalogue)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text())
def test_any_text_is_read_or_refused_in_one_line(catalogue, text):
    with pytest.raises(SdfSirenError):
        parse(text, catalogue)


class TestLoad:
    def test_file(self, tmp_path, catalogue, pipeline_text):
        (tmp_path / "p.toml").write_text(pipeline_text)
        assert load(tmp_path / "p.toml", catalogue).seed == 7

    @pytest.mark.parametrize(
        ("content", "message"),
        [(b"\xff\xfe", "UTF-8"), (b"#" * 1_000_001, "more than 1000000 bytes"), (None, "No such file")],
    )
    def test_refused(self, tmp_path, catalogue, content, message):
        path = tmp_path / "p.toml"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(UsageError, match=message):
            load(path, catalogue)

    def test_folder(self, tmp_path, catalogue):
        with pytest.raises(UsageError, match="cannot read the pipeline file"):
            load(tmp_path, catalogue)


class TestOverrides:
    @pytest.mark.parametrize(
        ("text", "stage", "option", "value"),
        [
            ("fit.word.steps=20", "fit.word", "steps", 20),
            ("fit.word.rate=1e-3", "fit.word", "rate", 1e-3),
            ("fit.word.quality=bad", "fit.word", "quality", "bad"),
            ('fit.word.quality="bad"', "fit.word", "quality", "bad"),
            ("read.text.upper=true", "read.text", "upper", True),
            ("fit.word.box=[1, 2]", "fit.word", "box", [1, 2]),
            ("fit.word.label=a=b", "fit.word", "label", "a=b"),
            ("fit.word.label=1\nother = 2", "fit.word", "label", "1\nother = 2"),
            (" fit.word.steps = 3", "fit.word", "steps", 3),
        ],
    )
    def test_parsed(self, text, stage, option, value):
        assert parse_override(text)[:3] == (stage, option, value)

    @pytest.mark.parametrize("text", ["", "steps", "steps=3", "=3", ".=3", "fit.word.=3", "fit.word.steps"])
    def test_malformed(self, text):
        with pytest.raises(UsageError, match=r"expected stage.option=value"):
            parse_override(text)

    def test_later_wins_and_the_rest_stays(self, catalogue, pipeline_text):
        pipeline = parse(pipeline_text, catalogue)
        changed = pipeline.with_options([parse_override(f"fit.word.steps={n}") for n in (5, 6)])
        assert changed.options()["fit.word"] == pipeline.options()["fit.word"] | {"steps": 6}
        assert changed.seed == 7

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (
                "fit.wrd.steps=3",
                "--set fit.wrd.steps=3: pipeline has no stage 'fit.wrd'; did you mean fit.word?",
            ),
            ("fit.word.step=3", "--set fit.word.step=3: fit.word has no option 'step'; did you mean steps?"),
            ("fit.word.steps=many", "fit.word.steps: expected a whole number from 1 to 100, found 'many'"),
        ],
    )
    def test_refused(self, catalogue, pipeline_text, text, message):
        with pytest.raises(UsageError) as caught:
            parse(pipeline_text, catalogue).with_options([parse_override(text)])
        assert message in str(caught.value)


class TestDifferences:
    def test_named(self, catalogue, pipeline_text):
        one = parse(pipeline_text, catalogue)
        two = one.with_options(
            [parse_override("fit.word.steps=9"), parse_override("fit.word.rate=1")], seed=8
        )
        assert differences(one.to_toml(), two.to_toml()) == [
            "fit.word.rate was unset, now 1.0",
            "fit.word.steps was 4, now 9",
            "seed was 7, now 8",
        ]

    def test_stages(self, catalogue, pipeline_text):
        one = parse(pipeline_text, catalogue).to_toml()
        two = parse(pipeline_text.replace('[[stages]]\nuse = "write.picture"\n', ""), catalogue).to_toml()
        assert "write.picture, now read.text" in differences(one, two)[0]

    @pytest.mark.parametrize("text", ["", "= 1", "seed = 1", "seed = 1\nstages = 3", "seed=1\nstages=[{}]"])
    def test_not_a_resolved_file(self, text):
        with pytest.raises(ValueError, match=r".+"):
            differences(text, text)
