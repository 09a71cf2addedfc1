"""Digests of bytes: the grid on which objects are read, and what one pass over a stretch of them gives."""

from s3dedup.hashing.findings import Findings, unit
from s3dedup.hashing.grid import Grid, Range
from s3dedup.hashing.sweep import Sweep, sweep_to

__all__ = ["Findings", "Grid", "Range", "Sweep", "sweep_to", "unit"]
