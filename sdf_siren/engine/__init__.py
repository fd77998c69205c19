"""Pipelines, their stages and their runs. Knows nothing of geometry and imports no torch."""
