"""Real files: those of this Python's own packages, stored twice and in different ways."""

from __future__ import annotations

import sysconfig
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from tests.audit.helpers import MIB, Auditor, Place, equal_contents, groups_of, upload

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers import S3Server
    from tests.servers.fixtures import FreshBucket

FILES = 1500
MOST_BYTES = 60 * MIB
IN_PARTS = 5 * MIB
PART_SIZES = {"first": 5 * MIB, "second": 8 * MIB}


def real_files() -> dict[str, bytes]:
    """Installed files by their path: many small ones, of all sizes, and a few that need parts."""
    root = Path(sysconfig.get_path("purelib"))
    found = [path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    by_size = sorted((path.stat().st_size, path.relative_to(root).as_posix()) for path in found)
    large = [each for each in by_size if IN_PARTS < each[0] < 3 * IN_PARTS][:3]
    small = [each for each in by_size if each[0] <= MIB]
    chosen = small[:: max(1, len(small) // FILES)][:FILES] + large
    assert sum(size for size, _ in chosen) < MOST_BYTES
    return {path: (root / path).read_bytes() for _, path in chosen}


def test_files_of_installed_packages_stored_twice_are_grouped_as_hashing_them_groups_them(
    seaweed: S3Server, fresh_bucket: FreshBucket, auditor_of: Callable[[S3Server], Auditor]
) -> None:
    files, bucket = real_files(), fresh_bucket(seaweed)
    planted: dict[Place, bytes] = {
        (bucket, f"{prefix}/{path}"): body for prefix in PART_SIZES for path, body in files.items()
    }

    def store(place: Place) -> None:
        body = planted[place]
        part_size = PART_SIZES[place[1].partition("/")[0]] if len(body) > IN_PARTS else None
        upload(seaweed.client(), *place, body, part_size)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(store, planted))
    report = auditor_of(seaweed)(f"{bucket}/first/", f"{bucket}/second/")
    expected = equal_contents(planted)
    assert groups_of(report) == expected
    assert report.run.complete
    assert report.totals.objects == len(planted)
    assert report.totals.reclaimable_bytes == sum(
        len(planted[next(iter(group))]) * (len(group) - 1) for group in expected
    )
    assert any(len(body) > IN_PARTS for body in files.values())
    assert len(expected) < len([body for body in files.values() if body])  # some occur twice within the packages
