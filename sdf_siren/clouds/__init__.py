"""Point clouds and what is measured on them."""

from sdf_siren.clouds.point_cloud import PointCloud

__all__ = ["PointCloud"]
