"""Scans of a torus in the cube."""

import numpy as np
import torch
from scipy.spatial import cKDTree

from sdf_siren.clouds import unit_normals
from sdf_siren.clouds.spacing import gauge
from sdf_siren.fields import Torus
from sdf_siren.fitting.scan import OrientedScan

SOLID = Torus(0.6, 0.28)


def torus_scan(count, noise=0.0, normal_noise=0.0, sparse_half=None, seed=0):
    """Points on a torus in the cube; of the half with x < 0 only the share ``sparse_half``."""
    generator = torch.Generator().manual_seed(seed)

    def normal_numbers(size):
        return torch.randn(size, dtype=torch.float64, generator=generator)

    x = torch.rand(60 * count, 3, dtype=torch.float64, generator=generator) * 2 - 1
    value, normal = SOLID.value_and_gradient(x)
    close = value[:, 0].abs() < 0.05
    x, normal = (x - value * normal)[close], normal[close]
    if sparse_half is not None:
        kept = torch.rand(len(x), generator=generator) < torch.where(x[:, 0] > 0, 1.0, sparse_half)
        x, normal = x[kept], normal[kept]
    x, normal = x[:count], normal[:count]
    assert len(x) == count
    points = (x + noise * normal_numbers(x.shape)).numpy().astype(np.float32)
    normals = unit_normals((normal + normal_noise * normal_numbers(x.shape)).numpy())
    tree = cKDTree(points)
    return OrientedScan(points, normals, tree, gauge(points, normals, tree))
