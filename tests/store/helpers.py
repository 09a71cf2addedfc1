"""What the tests of the store share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from s3dedup.model import ListedObject
from s3dedup.store import S3Store, StoreConfig

if TYPE_CHECKING:
    from tests.fakes3 import FakeS3, StoredObject

KEYS = {"region": "us-east-1", "access_key": "AKIAFAKEFAKEFAKEFAKE", "secret_key": "secret"}


def open_store(fake: FakeS3, **options: Any) -> S3Store:  # noqa: ANN401  those of StoreConfig
    """A store on a fake, to be closed."""
    return S3Store(StoreConfig(fake.endpoint_url, **{**KEYS, **options}))


def listed(stored: StoredObject, *, version: bool = False) -> ListedObject:
    """The row of a listing for what was planted."""
    size, version_id = len(stored.body), stored.version_id if version else None
    return ListedObject(stored.key, size, stored.etag, "STANDARD", "", version_id)


def read(store: S3Store, row: ListedObject, start: int = 0, stop: int | None = None, bucket: str = "b") -> bytes:
    """The bytes of a range, all of them unless told otherwise."""
    return b"".join(map(bytes, store.read_range(bucket, row, start, row.size if stop is None else stop)))


def warm(store: S3Store, row: ListedObject, bucket: str = "b") -> None:
    """Ask once in each way, so that the store may go the short way from now on."""
    store.head(bucket, row, layout=True)
    read(store, row, bucket=bucket)
