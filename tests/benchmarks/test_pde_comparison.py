"""The sheet of activations: its problems are what they say, its pictures show what they are given."""

import pde_comparison
import pytest
import torch

from sdf_siren.fitting.comparison import Portrait


@pytest.mark.parametrize(("name", "factor"), [("p1", -2.0), ("h1", -17.0)])
def test_problems(name, factor):
    problem = pde_comparison.problem_named(name)
    jet = problem.exact(pde_comparison.grid(problem))
    torch.testing.assert_close(jet.laplacian, factor * torch.pi**2 * jet.value)


def test_pictures_stand_upright_and_have_their_signs():
    problem = pde_comparison.problem_named("p1")
    x = pde_comparison.grid(problem)
    picture = pde_comparison.picture(x[:, 1] - 0.5, 0.5, signed=True)
    last = pde_comparison.PIXELS - 1
    (top, bottom), blue = [picture.getpixel((50, row)) for row in (0, last)], 2
    assert top[0] > top[blue]
    assert bottom[0] < bottom[blue]


def test_a_row_for_each_network():
    n = pde_comparison.PIXELS**2
    exact = Portrait("exact", torch.ones(n), torch.ones(n, 2), torch.ones(n))
    other = Portrait("ReLU, encoded", torch.zeros(n), torch.zeros(n, 2), torch.zeros(n), 10, 5, 1.0, 0.1)
    one, two = (pde_comparison.draw([exact, *[other] * k], "a title", "soap") for k in (1, 2))
    assert two.height - one.height > pde_comparison.PIXELS
    assert other.errors(exact) == (1.0, 1.0, 1.0)
