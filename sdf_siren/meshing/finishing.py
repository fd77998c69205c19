"""What is done to a mesh on request: fewer components, closed holes, smoothing, fewer faces; in this order.

Holes are filled before smoothing, which rounds their seams, and all comes before the decimation, which then
knows the final shape. Everything happens in the cube: at survey offsets the squares of a quadric would
have no digits left.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sdf_siren.artifacts import Mesh, face_areas, vertex_normals
from sdf_siren.fields import Field, SignedDistanceField, choose_device
from sdf_siren.meshing.components import face_components
from sdf_siren.meshing.edges import is_manifold, mean_edges
from sdf_siren.meshing.holes import fill_holes
from sdf_siren.meshing.settle import distance_and_direction, settled
from sdf_siren.meshing.simplify import simplify
from sdf_siren.meshing.smoothing import smoothed
from sdf_siren.meshing.unfold import unfolded


def finished(
    mesh: Mesh,
    field: SignedDistanceField,
    *,
    components: int = 0,
    holes: bool = False,
    widest_hole: float | None = None,
    smooth: int = 0,
    faces: int | None = None,
    device: str = "auto",
) -> tuple[Mesh, tuple[str, ...]]:
    """The mesh after what is asked for, and notes; nothing is done unasked.

    Args:
        mesh: in world coordinates.
        field: that it came from. What remains of a decimation is laid as close to it as it can lie, and
            normals are its gradients, unless the mesh was smoothed away from it.
        components: how many to keep, those of the largest area; 0 keeps all.
        holes: whether to fill holes. New vertices get NaN for scalars, and the colour of the nearest old one.
        widest_hole: diameter of the widest to be filled, world units; None fills all, and so closes an open
            surface at its rim.
        smooth: rounds of smoothing.
        faces: how many to keep; None keeps all.
        device: for the field.
    """
    notes: list[str] = []
    if components:
        mesh, removed = _largest(mesh, components)
        notes += [f"removed the {removed} smallest components of the mesh, as asked"] if removed else []
    if not (holes or smooth or faces is not None):
        return mesh, tuple(notes)
    vertices, triangles = field.frame.to_cube(mesh.vertices), mesh.faces
    if (holes or faces is not None) and not is_manifold(triangles, len(vertices)):
        notes.append("edges of the mesh have more than two faces: no holes were filled, no faces taken away")
        holes, faces = False, None
    if holes:
        widest = np.inf if widest_hole is None else widest_hole * field.frame.scale
        filling = fill_holes(vertices, triangles, widest)
        vertices, triangles = filling.vertices, filling.faces
        notes.append(f"{filling.filled} holes were filled, {filling.left} wider ones left")
    if smooth:
        vertices = smoothed(vertices, triangles, smooth)
    whole = vertices
    place = choose_device(device)
    in_cube = field.in_cube.to(device=place, dtype=torch.float32)
    if faces is not None and faces < len(triangles):
        count = len(triangles)
        vertices, triangles = simplify(vertices, triangles, faces)
        vertices = vertices if smooth else settled(in_cube, vertices, triangles, device=place)
        vertices, triangles = unfolded(in_cube, vertices, triangles, device=place)
        notes.append(f"{count} faces were simplified to {len(triangles)}")
        if len(triangles) > faces:
            notes[-1] += ", the fewest that keep all components and handles"
    if vertices is whole and triangles is mesh.faces and not smooth:
        return mesh, tuple(notes)
    normals = vertex_normals(vertices, triangles)
    if not smooth:
        normals = _level_normals(in_cube, vertices, triangles, normals, place)
    done = Mesh(field.frame.to_world(vertices), triangles, normals.astype(np.float32))
    return _carried(mesh, whole, done, vertices), tuple(notes)


def _largest(mesh: Mesh, most: int) -> tuple[Mesh, int]:
    """The ``most`` components of largest area, and how many others there were."""
    count, component = face_components(mesh.faces, len(mesh.vertices))
    if count <= most:
        return mesh, 0
    size = face_areas(mesh.vertices, mesh.faces)
    largest = np.argsort(-np.bincount(component, size, minlength=count), kind="stable")[:most]
    return mesh.of_faces(np.isin(component, largest)), count - most


def _level_normals(
    field: Field,
    vertices: NDArray[np.float64],
    faces: NDArray[np.int64],
    normals: NDArray[np.float64],
    device: torch.device | str,
) -> NDArray[np.float64]:
    """The field's unit gradients where a level set is near, as it is not in holes that were filled."""
    distance, gradient = distance_and_direction(field, vertices, device)
    length = np.linalg.norm(gradient, axis=1, keepdims=True)
    near = (np.abs(distance) < mean_edges(vertices, faces)) & (length[:, 0] > 0)
    return np.where(near[:, None], gradient / np.maximum(length, 1e-12), normals)


def _carried(mesh: Mesh, whole: NDArray[np.float64], done: Mesh, vertices: NDArray[np.float64]) -> Mesh:
    """``done`` with the colours and scalars of ``mesh``, from its nearest vertex.

    Args:
        mesh: before.
        whole: its vertices in the cube, in their order, then those of holes that were filled.
        done: after.
        vertices: its vertices in the cube.
    """
    if mesh.colours is None and not mesh.scalars:
        return done
    _, nearest = cKDTree(whole).query(vertices, workers=torch.get_num_threads())
    known = nearest < len(mesh.vertices)
    colours = None
    if mesh.colours is not None:
        _, old = cKDTree(whole[: len(mesh.vertices)]).query(vertices[~known])
        colours = mesh.colours[np.where(known, nearest, 0)]
        colours[~known] = mesh.colours[old]
    scalars = {}
    for name, values in mesh.scalars.items():
        scalars[name] = np.where(known, values[np.where(known, nearest, 0)], np.float32(np.nan))
    return dataclasses.replace(done, colours=colours, scalars=scalars)
