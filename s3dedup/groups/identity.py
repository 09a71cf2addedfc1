"""What a group is called."""

from __future__ import annotations

import hashlib


def group_id(digest: bytes) -> str:
    """A short name for the content with this digest, the same in every run that proves it by the same evidence."""
    return hashlib.blake2b(digest, digest_size=8).hexdigest()
