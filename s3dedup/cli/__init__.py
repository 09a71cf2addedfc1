"""The command line."""

from s3dedup.cli.app import main

__all__ = ["main"]
