"""Problem files: what they pose, and how each fault is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from sdf_siren.domains import Ball, Box, Cylinder, Difference, Intersection, Polygon, Union
from sdf_siren.domains.space_time import SpaceTime
from sdf_siren.errors import InputError
from sdf_siren.io.problem_file import parse_problem, read_problem

SHIPPED = sorted(
    path
    for path in (Path(__file__).parents[2] / "data" / "problems").glob("*.toml")
    if not path.stem.startswith("inverse")
)
SQUARE = """
[domain]
shape = "box"
low = [0, 0]
high = [2, 1]
"""
ZERO = """
[[conditions]]
on = "boundary"
kind = "dirichlet"
"""
POISSON = 'equation = "poisson"\nsource = "x + y"\n'
WAVE = """
equation = "wave"
speed = "2 + x"
[domain]
shape = "interval"
low = 0
high = 1
duration = 3
[[conditions]]
kind = "initial"
value = "sin(pi*x)"
rate = "x"
"""


def refused(text, *words, path="file.toml"):
    with pytest.raises(InputError) as caught:
        parse_problem(text, path)
    message = str(caught.value)
    assert "\n" not in message
    for word in ("file.toml", *words):
        assert word in message, message


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped(path):
    problem = read_problem(path)
    assert problem.title
    assert problem.domain.interior(4, 0).shape == (4, problem.domain.dimension)


SLOPES = """
[[conditions]]
on = "boundary"
kind = "neumann"
value = "{}"
"""


def test_boundary_is_no_part_among_others():
    refused(
        POISSON + SQUARE + ZERO.replace('"boundary"', '["boundary", "left"]'), "boundary stands for", "alone"
    )


class TestBalance:
    @pytest.mark.parametrize("domain", [SQUARE, '[domain]\nshape = "disk"\ncentre = [1, 0]\nradius = 2\n'])
    def test_sources_that_slopes_alone_cannot_balance(self, domain):
        refused(
            POISSON + domain + SLOPES.format(0), "contradict each other", "source's mean must be 0, found 1"
        )

    def test_slopes_in_balance(self):
        disk = '[domain]\nshape = "disk"\ncentre = [1, 0]\nradius = 2\n'
        parse_problem(
            'equation = "poisson"\nsource = "exact"\nexact = "x^2 + y"\n'
            + disk
            + SLOPES.format("x^2 - x + y/2")
        )

    def test_a_value_held_somewhere_balances_everything(self):
        left = '[[conditions]]\non = "left"\nkind = "dirichlet"\n'
        assert parse_problem(POISSON + SQUARE + left + SLOPES.format(0)).notes == ()


class TestReaction:
    @pytest.mark.parametrize("formula", ["1/u", "log(u)", "sqrt(u)"])
    def test_without_a_value_where_the_search_starts(self, formula):
        words = ("eaction", formula, "at u = 0, where the search starts", "expected finite values")
        refused(f'reaction = "{formula}"\n' + POISSON + SQUARE + ZERO.replace("dirichlet", "neumann"), *words)

    def test_the_boundary_says_where_that_is(self):
        assert (
            parse_problem('equation = "poisson"\nreaction = "1/u"\n' + SQUARE + ZERO + "value = 1\n").notes
            == ()
        )


class TestStart:
    def test_data_that_disagree_are_noted(self):
        (note,) = parse_problem(WAVE.replace("sin(pi*x)", "1 + x") + ZERO).notes
        assert note.startswith(
            "at (1) the initial value is 2, and the dirichlet condition on left, right says 0"
        )

    def test_data_that_agree_are_not(self):
        assert parse_problem(WAVE + ZERO).notes == ()
        assert parse_problem(WAVE.replace("sin(pi*x)", "1e3*exp(-100*(x-0.5)^2)") + ZERO).notes == ()


def test_there_are_shipped_ones():
    assert len(SHIPPED) >= 7


def test_poisson():
    problem = parse_problem('title = "T"\n' + POISSON + SQUARE + ZERO)
    assert problem.title == "T"
    assert problem.operator.name == "poisson"
    assert isinstance(problem.domain, Box)
    x = torch.tensor([[0.5, 0.25]], dtype=torch.float64)
    assert problem.source_at(x).item() == 0.75
    (condition,) = problem.conditions
    assert condition.parts == ("left", "right", "bottom", "top")
    assert condition.value is None


def test_title_is_the_name_of_the_file_where_there_is_none():
    assert parse_problem(POISSON + SQUARE + ZERO, "some/where.toml").title == "where"


def test_boundary_is_what_no_other_condition_names():
    text = ZERO + '[[conditions]]\non = ["left", "top"]\nkind = "neumann"\nvalue = "y"\n'
    text += '[[conditions]]\non = "right"\nkind = "robin"\nvalue = 1\ncoefficient = "1 + y"\n'
    rest, neumann, robin = parse_problem(POISSON + SQUARE + text).conditions
    assert rest.parts == ("bottom",)
    assert (neumann.kind, neumann.parts) == ("neumann", ("left", "top"))
    assert robin.coefficient(torch.tensor([[2.0, 0.5]])).value.item() == 1.5


def test_screened():
    text = 'equation = "screened_poisson"\ncoefficient = "2 + x"\nsource = 1\n'
    alpha, _, _ = parse_problem(text + SQUARE + ZERO).operator.coefficients(torch.ones(1, 2).double())
    assert alpha.item() == 3
    refused('equation = "screened_poisson"\n' + SQUARE + ZERO, "coefficient", "needs it")


def test_reaction():
    problem = parse_problem('reaction = "x*u^3"\n' + POISSON + SQUARE + ZERO)
    assert not problem.operator.is_linear
    value, slope = problem.operator.reaction_at(
        torch.tensor([[2.0, 0.0]]).double(), torch.tensor([3.0]).double()
    )
    assert (value.item(), slope.item()) == (54, 54)


def test_source_from_the_exact_solution():
    text = 'equation = "poisson"\nsource = "exact"\nreaction = "u"\nexact = "x^2*y^2"\n'
    with_data = text + SQUARE + ZERO + 'value = "exact"\n'
    problem = parse_problem(with_data)
    x = torch.tensor([[2.0, 1.0]], dtype=torch.float64)
    assert problem.source_at(x).item() == pytest.approx(-2 - 8 + 4)
    assert problem.conditions[0].value(x).value.item() == 4


class TestWave:
    def test_time_is_the_last_coordinate(self):
        problem = parse_problem(WAVE + ZERO)
        assert isinstance(problem.domain, SpaceTime)
        assert problem.domain.parts == ("left", "right", "start", "end")
        assert problem.domain.high == (1.0, 3.0)
        assert 2.99 < problem.operator.time_speed <= 3
        kinds = [(condition.kind, condition.parts) for condition in problem.conditions]
        assert kinds == [("dirichlet", ("start",)), ("rate", ("start",)), ("dirichlet", ("left", "right"))]

    def test_start_is_named_in_messages(self):
        without = WAVE.split("[[conditions]]")[0] + ZERO
        refused(without, "under-determined", "'start'")

    def test_no_duration(self):
        refused(WAVE.replace("duration = 3\n", "") + ZERO, "duration")

    def test_other_shapes(self):
        disk = 'shape = "disk"\ncentre = [0, 0]\nradius = 1'
        domain = parse_problem(WAVE.replace('shape = "interval"\nlow = 0\nhigh = 1', disk) + ZERO).domain
        assert isinstance(domain, Cylinder)
        assert domain.parts == ("circle", "start", "end")
        assert (domain.start, domain.end) == (0, 3)

    def test_initial_conditions_hold_at_the_start_only(self):
        refused(WAVE.replace("rate =", 'on = "left"\nrate =') + ZERO, "start", "left")
        refused(POISSON + SQUARE + ZERO.replace("dirichlet", "initial"), "wave")


class TestHelmholtz:
    TEXT = 'equation = "helmholtz"\nwavenumber = 5\n'

    def test_complex_data(self):
        problem = parse_problem(self.TEXT + 'source = "exp(i*x)"\n' + SQUARE + ZERO)
        assert problem.is_complex
        assert not parse_problem(self.TEXT + 'source = "x"\n' + SQUARE + ZERO).is_complex

    def test_layer_and_point_sources(self):
        layer = "[absorbing_layer]\nthickness = 0.2\n"
        source = "[[point_sources]]\nposition = [1, 0.5]\nwidth = 0.05\namplitude = 2\n"
        problem = parse_problem(self.TEXT + SQUARE + ZERO + layer + source)
        assert (problem.layer.thickness, problem.layer.strength) == (0.2, 5.0)
        x = problem.domain.interior(64, 0)
        assert problem.singular is not None
        # The field in empty space solves the equation: nothing is left but the data on the boundary.
        left = problem.operator.applied(problem.singular(x), x)
        assert (left - problem.source_at(x)).abs().max() < 1e-9

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("[absorbing_layer]\nthickness = 0.6\n", ("thickness", "whole domain")),
            ("[absorbing_layer]\nthickness = 0.1\ndepth = 1\n", ("depth", "it takes thickness, strength")),
            ("[[point_sources]]\nposition = [3, 0]\nwidth = 0.1\n", ("position", "inside")),
            ("[[point_sources]]\nposition = [1]\nwidth = 0.1\n", ("position", "two numbers")),
            ("[[point_sources]]\nposition = [1, 0.5]\n", ("width",)),
            (
                "[absorbing_layer]\nthickness = 0.3\n[[point_sources]]\nposition = [0.1, 0.5]\nwidth = 0.1\n",
                ("position", "absorbing layer"),
            ),
        ],
    )
    def test_refused(self, text, words):
        refused(self.TEXT + SQUARE + ZERO + text, *words)


class TestDomains:
    @pytest.mark.parametrize(
        ("text", "kind", "dimension"),
        [
            ('shape = "interval"\nlow = 0\nhigh = 2', Box, 1),
            ('shape = "box"\nlow = [0, 0, 0, 0]\nhigh = [1, 1, 1, 1]', Box, 4),
            ('shape = "disk"\ncentre = [1, 2]\nradius = 0.5', Ball, 2),
            ('shape = "ball"\ncentre = [1, 2, 3]\nradius = 0.5', Ball, 3),
            ('shape = "polygon"\nvertices = [[0, 0], [1, 0], [0, 1]]', Polygon, 2),
        ],
    )
    def test_primitives(self, text, kind, dimension):
        domain = parse_problem(f'equation = "poisson"\n[domain]\n{text}\n{ZERO}').domain
        assert type(domain) is kind
        assert domain.dimension == dimension

    @pytest.mark.parametrize(
        ("shape", "kind"), [("union", Union), ("intersection", Intersection), ("difference", Difference)]
    )
    def test_combinations(self, shape, kind):
        one = '[[domain.of]]\nshape = "disk"\nname = "big"\ncentre = [0, 0]\nradius = 1\n'
        two = '[[domain.of]]\nshape = "box"\nname = "small"\nlow = [0.5, -0.2]\nhigh = [2, 0.2]\n'
        other = '[[conditions]]\non = "small"\nkind = "neumann"\n'
        text = f'equation = "poisson"\n[domain]\nshape = "{shape}"\n{one}{two}{ZERO}{other}'
        problem = parse_problem(text)
        assert type(problem.domain) is kind
        rest, small = problem.conditions
        assert rest.parts == ("big.circle",)
        assert small.parts == ("small.left", "small.right", "small.bottom", "small.top")

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ('shape = "sphere"', ("shape", "sphere")),
            ('shape = "box"\nlow = [1, 0]\nhigh = [0, 1]', ("domain", "low < high")),
            ('shape = "box"\nlow = [0, 0]\nhigh = [1]', ("dimension",)),
            ('shape = "disk"\ncentre = [0, 0, 0]\nradius = 1', ("centre", "two numbers")),
            ('shape = "disk"\ncenter = [0, 0]\nradius = 1', ("'center'", "did you mean centre?")),
            ('shape = "disk"\ncentre = [0, 0]\nradius = -1', ("radius",)),
            ('shape = "polygon"\nvertices = [[0, 0], [1, 1], [1, 0], [0, 1]]', ("meet",)),
            ('shape = "union"', ("of",)),
            (
                'shape = "intersection"\n[[domain.of]]\nshape = "disk"\ncentre = [0, 0]\nradius = 1\n'
                '[[domain.of]]\nshape = "disk"\ncentre = [5, 0]\nradius = 1',
                ("empty",),
            ),
            (
                'shape = "difference"\n[[domain.of]]\nshape = "disk"\ncentre = [0, 0]\nradius = 1\n'
                '[[domain.of]]\nshape = "disk"\ncentre = [0, 0]\nradius = 2',
                ("empty",),
            ),
        ],
    )
    def test_refused(self, text, words):
        refused(f'equation = "poisson"\n[domain]\n{text}\n{ZERO}', *words)

    def test_bottomless_nesting(self):
        text, place = 'shape = "union"\n', "domain"
        for _ in range(12):
            place += ".of"
            text += f'[[{place}]]\nshape = "union"\n'
        refused(f'equation = "poisson"\n[domain]\n{text}', "nested")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (POISSON.replace("poisson", "poison") + SQUARE + ZERO, ("equation", "did you mean poisson?")),
        ("sauce = 1\n" + POISSON + SQUARE + ZERO, ("'sauce'", "did you mean source?")),
        ("wavenumber = 1\n" + POISSON + SQUARE + ZERO, ("'wavenumber'",)),
        (POISSON.replace("x + y", "x + w") + SQUARE + ZERO, ("source", "unknown name 'w'", "column 5")),
        (POISSON.replace("x + y", "__import__('os')") + SQUARE + ZERO, ("source",)),
        (POISSON.replace("x + y", "log(-1 - x)") + SQUARE + ZERO, ("source", "finite")),
        (POISSON.replace("x + y", "exact") + SQUARE + ZERO, ("source", "add exact")),
        (POISSON + SQUARE, ("under-determined", "'left'")),
        (POISSON + SQUARE + ZERO + ZERO.replace('"boundary"', '"left"') * 2, ("over-determined", "'left'")),
        (POISSON + SQUARE + ZERO.replace("boundary", "lefty"), ("conditions 1", "did you mean left?")),
        (POISSON + SQUARE + ZERO.replace("dirichlet", "neuman"), ("did you mean neumann?",)),
        (POISSON + SQUARE + ZERO.replace("dirichlet", "robin"), ("coefficient",)),
        (POISSON + SQUARE + ZERO + "rate = 1\n", ("conditions 1", "'rate'")),
        (POISSON + SQUARE + ZERO + 'value = "1/(x-x)"\n', ("conditions 1", "finite")),
        (POISSON + SQUARE + ZERO + 'value = "exact"\n', ("conditions 1", "add exact")),
        (POISSON + SQUARE + ZERO + '[[conditions]]\non = "left"\nkind = "periodic"\n', ("'right'", "pairs")),
        (POISSON + 'exact = "x"\n' + SQUARE + ZERO + 'value = "exact"\n', ("exact", "the equation")),
        ('equation = "poisson"\nexact = "x"\n' + SQUARE + ZERO, ("exact", "dirichlet condition")),
    ],
)
def test_faults(text, words):
    refused(text, *words)


def test_periodic():
    other = '[[conditions]]\non = ["left", "right"]\nkind = "periodic"\n'
    _, periodic = parse_problem(POISSON + SQUARE + ZERO + other).conditions
    assert periodic.kind == "periodic"
    disk = '[domain]\nshape = "disk"\ncentre = [0, 0]\nradius = 1\n'
    refused(POISSON + disk + ZERO.replace("dirichlet", "periodic"), "box")


class TestArrays:
    TEXT = 'equation = "poisson"\nsource_array = "f.npy"\n' + SQUARE + ZERO

    def test_a_cubic_is_met_exactly(self, tmp_path):
        x, y = np.linspace(0, 2, 9), np.linspace(0, 1, 6)
        np.save(tmp_path / "f.npy", x[:, None] ** 3 - y[None] ** 2)
        problem = parse_problem(self.TEXT, tmp_path / "file.toml")
        points = problem.domain.interior(50, 0)
        expected = points[:, 0] ** 3 - points[:, 1] ** 2
        assert (problem.source_at(points) - expected).abs().max() < 1e-12

    @pytest.mark.parametrize("dimension", [1, 3])
    def test_other_dimensions(self, tmp_path, dimension):
        np.save(tmp_path / "f.npy", np.indices((5,) * dimension).sum(0).astype(np.float32))
        corner = [0.0] * dimension, [1.0] * dimension
        box = f'[domain]\nshape = "box"\nlow = {corner[0]}\nhigh = {corner[1]}\n'
        text = 'equation = "poisson"\nsource_array = "f.npy"\n' + box + ZERO
        problem = parse_problem(text, tmp_path / "file.toml")
        points = problem.domain.interior(50, 0)
        assert (problem.source_at(points) - 4 * points.sum(1)).abs().max() < 1e-12

    @pytest.mark.parametrize(
        ("array", "words"),
        [
            (np.zeros(9), ("2 axes",)),
            (np.zeros((3, 9)), ("at least 4",)),
            (np.full((5, 5), np.nan), ("finite",)),
            (np.array([["a", "b"]]), ("numbers",)),
        ],
    )
    def test_other_arrays(self, tmp_path, array, words):
        np.save(tmp_path / "f.npy", array)
        with pytest.raises(InputError) as caught:
            parse_problem(self.TEXT, tmp_path / "file.toml")
        assert all(word in str(caught.value) for word in ("f.npy", *words))

    def test_pickles_are_not_opened(self, tmp_path):
        np.save(tmp_path / "f.npy", np.array([[{}]], dtype=object), allow_pickle=True)
        with pytest.raises(InputError, match="numbers"):
            parse_problem(self.TEXT, tmp_path / "file.toml")

    def test_only_beside_the_problem_file(self, tmp_path):
        (tmp_path / "in").mkdir()
        np.save(tmp_path / "f.npy", np.zeros((5, 5)))
        for name in ("../f.npy", str(tmp_path / "f.npy")):
            with pytest.raises(InputError, match="in the folder of the problem file"):
                parse_problem(self.TEXT.replace("f.npy", name), tmp_path / "in" / "file.toml")
        (tmp_path / "in" / "f.npy").symlink_to(tmp_path / "f.npy")
        with pytest.raises(InputError, match="in the folder of the problem file"):
            parse_problem(self.TEXT, tmp_path / "in" / "file.toml")

    def test_not_beside_a_formula(self):
        refused("source = 1\n" + self.TEXT, "source_array", "one of them")

    def test_missing(self, tmp_path):
        with pytest.raises(InputError, match="no such file"):
            parse_problem(self.TEXT, tmp_path / "file.toml")


def test_no_file(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_problem(tmp_path / "nothing.toml")


def test_the_reference_names_what_there_is():
    from sdf_siren.expressions.functions import FUNCTIONS
    from sdf_siren.io import boundary_tables, domain_tables, problem_file

    text = (Path(__file__).parents[2] / "docs" / "pde.md").read_text("utf-8")
    example = text.split("```toml\n")[1].split("```")[0]
    assert parse_problem(example).title == "Poisson's equation on a square"
    keys = {key for table in (problem_file._OWN, domain_tables._KEYS, boundary_tables._KEYS) for key in table}
    keys |= {
        key for table in (domain_tables._KEYS, boundary_tables._KEYS) for of in table.values() for key in of
    }
    keys -= {"of"}
    missing = {key for key in keys | set(problem_file._COMMON) if f"`{key}`" not in text}
    assert missing <= {"domain", "conditions"}  # there with their brackets
    words = set(text.split("they are parsed")[0].replace("`", " ").replace(",", " ").split())
    assert set(FUNCTIONS) <= words, set(FUNCTIONS) - words
