"""Point clouds and what is measured on them."""

from sdf_siren.clouds.point_cloud import PointCloud, unit_normals

__all__ = ["PointCloud", "unit_normals"]
