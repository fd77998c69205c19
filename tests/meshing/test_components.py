"""Components: counted, and dropped when no scan point supports them."""

import numpy as np
import pytest
import torch

from sdf_siren.meshing import level_set
from sdf_siren.meshing.components import FEWEST, face_components, supported_faces


class Spheres:
    """The union of disjoint spheres (centre, radius)."""

    def __init__(self, *spheres):
        self.spheres = spheres

    def value(self, x):
        return self.value_and_gradient(x)[0]

    def value_and_gradient(self, x):
        offsets = [x - x.new_tensor(c) for c, _ in self.spheres]
        values = [o.norm(dim=1, keepdim=True) - r for o, (_, r) in zip(offsets, self.spheres, strict=True)]
        value, which = torch.cat(values, dim=1).min(dim=1, keepdim=True)
        offset = torch.stack(offsets, dim=1)[torch.arange(len(x)), which[:, 0]]
        return value, torch.nn.functional.normalize(offset, dim=1)


def sphere_points(count, centre, radius, seed=0):
    x = np.random.default_rng(seed).standard_normal((count, 3))
    return x / np.linalg.norm(x, axis=1, keepdims=True) * radius + centre


BIG, SMALL = ((-0.4, 0.0, 0.0), 0.4), ((0.6, 0.0, 0.0), 0.12)


@pytest.fixture(scope="module")
def two_spheres():
    vertices, faces, _ = level_set(Spheres(BIG, SMALL), 64)
    return vertices, faces


def test_components_are_counted(two_spheres):
    vertices, faces = two_spheres
    count, component = face_components(faces, len(vertices))
    assert count == 2
    left = vertices[faces].mean(axis=1)[:, 0] < 0.3
    assert len(set(component[left])) == len(set(component[~left])) == 1
    assert face_components(faces[:0], len(vertices))[0] == 0


def test_a_component_that_carries_its_share_of_points_stays(two_spheres):
    vertices, faces = two_spheres
    share = 0.12**2 / 0.4**2
    support = np.vstack([sphere_points(2000, *BIG), sphere_points(int(2000 * share), *SMALL)])
    kept, removed = supported_faces(vertices, faces, support)
    assert kept.all()
    assert removed == 0


@pytest.mark.parametrize("thinner", [3, 10, 20])
def test_a_component_where_the_scan_is_sparser_stays(two_spheres, thinner):
    vertices, faces = two_spheres
    share = 0.12**2 / 0.4**2
    support = np.vstack([sphere_points(6000, *BIG), sphere_points(int(6000 * share / thinner), *SMALL)])
    kept, removed = supported_faces(vertices, faces, support)
    assert kept.all()
    assert removed == 0


def test_a_component_of_which_little_was_seen_goes(two_spheres):
    vertices, faces = two_spheres
    cap = sphere_points(6000, *SMALL)
    cap = cap[cap[:, 2] > 0.12 * 0.84]  # of 8 % of the area
    kept, removed = supported_faces(vertices, faces, np.vstack([sphere_points(6000, *BIG), cap[::10]]))
    assert removed == 1
    assert (vertices[faces[kept]][..., 0] < 0.1).all()


@pytest.mark.parametrize(("points", "removed"), [(FEWEST - 1, 1), (FEWEST, 0)])
def test_a_speck_about_a_handful_of_points_goes(points, removed):
    speck = (SMALL[0], 0.02)
    vertices, faces, _ = level_set(Spheres(BIG, speck), 128)
    support = np.vstack([sphere_points(2000, *BIG), sphere_points(points, *speck)])
    kept, found = supported_faces(vertices, faces, support)
    assert found == removed
    assert kept.all() == (removed == 0)


def test_what_carries_most_stays_however_little_that_is(two_spheres):
    vertices, faces = two_spheres
    kept, removed = supported_faces(vertices, faces, sphere_points(2, *BIG))
    assert removed == 1
    assert (vertices[faces[kept]][..., 0] < 0.1).all()


def test_a_component_without_points_goes(two_spheres):
    vertices, faces = two_spheres
    kept, removed = supported_faces(vertices, faces, sphere_points(2000, *BIG))
    assert removed == 1
    assert (vertices[faces[kept]][..., 0] < 0.1).all()
    assert (vertices[faces[~kept]][..., 0] > 0.4).all()


def test_a_ghost_sheet_right_beside_the_surface_goes():
    # A larger shell 0.05 outside of where the points are: near data, but nearest to none.
    vertices, faces, _ = level_set(Spheres(((0.0, 0.0, 0.0), 0.5)), 64)
    ghost = vertices * 1.1
    both = np.vstack([vertices, ghost])
    both_faces = np.vstack([faces, faces + len(vertices)])
    kept, removed = supported_faces(both, both_faces, sphere_points(1000, (0.0, 0.0, 0.0), 0.5))
    assert removed == 1
    assert kept[: len(faces)].all()
    assert not kept[len(faces) :].any()


def test_a_component_that_only_the_correction_knows_goes_whatever_points_it_carries(two_spheres):
    vertices, faces = two_spheres
    support = np.vstack([sphere_points(2000, *BIG), sphere_points(500, *SMALL)])

    def far_from(sphere):
        centre, radius = sphere
        return lambda x: 10 * np.abs(np.linalg.norm(x - centre, axis=1) - radius)

    kept, removed = supported_faces(vertices, faces, support, far_from(BIG))
    assert removed == 1
    assert (vertices[faces[kept]][..., 0] < 0.1).all()
    # The one that carries most stays, even if the network is no good at all.
    kept, removed = supported_faces(vertices, faces, support, far_from(SMALL))
    assert removed == 0
