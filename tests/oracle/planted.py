"""A corpus in its stores, and the truth about it."""

from __future__ import annotations

import base64
import hashlib
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from s3dedup import AuditConfig, Source, audit
from s3dedup.model import AuditReport
from s3dedup.store import StoreConfig
from tests.fakes3 import Bucket, LogEntry, PlantedS3, matching
from tests.fakes3.checksums import COMPUTED
from tests.oracle.corpora import Change, Corpus, Home, Item, Refusal
from tests.oracle.memory import AWS, MemoryStore

EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
RESTORED_UNTIL = datetime(2027, 1, 1, tzinfo=UTC)
XXHASH_BYTES = {"XXHASH64": 8, "XXHASH3": 8, "XXHASH128": 16}


class Place(NamedTuple):
    """An object version as a report and a listing name it: no two versions of a key are of one time."""

    bucket: str
    key: str
    modified: datetime


class Stored(NamedTuple):
    """The truth about an object: its bytes, whether a GET for them is answered, and the version that is listed."""

    body: bytes
    readable: bool
    version_id: str | None


class Planted:
    """A corpus in its stores. `s3` is what is behind each endpoint; see `MemoryStore` for the others."""

    def __init__(self, corpus: Corpus, *, page_keys: int = 1000, ignores_conditions: bool = False) -> None:
        self.corpus = corpus
        self.page_keys = page_keys
        self.ignores_conditions = ignores_conditions
        self.s3 = {home.endpoint: PlantedS3() for home in corpus.homes}
        self._items: dict[Place, Item] = {}
        self._random = count()
        self._refused: dict[tuple[str, str], set[Refusal]] = defaultdict(set)
        self._buckets = {home.name: self._bucket(home) for home in corpus.homes}
        for item in corpus.items:
            self.put(item)

    def _bucket(self, home: Home) -> Bucket:
        s3, rule = self.s3[home.endpoint], "AES256" if home.rule == "denied" else home.rule
        if home.rule == "denied":
            s3.deny(home.name, "s3:GetEncryptionConfiguration")
        bucket = s3.bucket(home.name, encryption_rule=rule, order=home.order)
        bucket.versioning = "Enabled" if home.versioned else None
        return bucket

    def put(self, item: Item) -> None:
        """Hold an object, in the place of the one with its key or, where there are versions, above it."""
        home = self.corpus.homes[item.home]
        s3, body = self.s3[home.endpoint], item.content.body
        moment = EPOCH + timedelta(seconds=item.tick) if home.nature == "clock" else None
        stored = s3.put(
            home.name,
            item.key,
            body,
            parts=item.parts,
            encryption=item.encryption,
            md5_kept=item.md5_kept,
            etag=self._etag(home, item),
            checksum=_checksum(item),
            last_modified=moment,
            **_storage(item.storage),
        )
        self._refuse(home, item)
        self._items[Place(home.name, item.key, stored.last_modified)] = item
        if item.deleted:
            s3.delete(home.name, item.key)

    def make(self, change: Change) -> None:
        """Overwrite, add, or remove."""
        if isinstance(change, Item):
            self.put(change)
        else:
            self.store_of(change).delete(self.corpus.homes[change.home].name, change.key)

    def store_of(self, change: Change) -> PlantedS3:
        """The store that a change happens in."""
        return self.s3[self.corpus.homes[change.home].endpoint]

    def _etag(self, home: Home, item: Item) -> str | None:
        """The ETag that a bucket of this nature gives; None is what AWS gives."""
        body, suffix = item.content.body, f"-{len(item.parts)}" if item.parts else ""
        if home.nature == "clock":
            return hashlib.md5(f"{len(body)}/{item.tick}".encode()).hexdigest() + suffix
        if home.nature == "sha1":
            return hashlib.sha1(body).hexdigest()
        if home.nature == "random":
            return hashlib.md5(f"{next(self._random)}".encode()).hexdigest() + suffix
        return hashlib.md5(body).hexdigest() + suffix if home.nature == "other-parts" and item.parts else None

    def _refuse(self, home: Home, item: Item) -> None:
        """Refuse what the item says; a refusal is for a key and all its versions."""
        s3 = self.s3[home.endpoint]
        if item.refuses:
            self._refused[home.name, item.key].add(item.refuses)
        if item.refuses == "kms:Decrypt":
            s3.deny(home.name, "kms:Decrypt", item.key)
        for operation in ("HeadObject", "GetObject"):
            if item.refuses in {operation, "both"}:
                s3.faults.add("403", match=matching(operation, item.key, home.name), times=None)

    def listed(self, *, versions: bool = False) -> dict[Place, Stored]:
        """The truth about what a listing shows now."""
        return {
            place: self._truth(place, each.version_id if versions else None)
            for name, bucket in self._buckets.items()
            for key, every in bucket.versions.items()
            for each in (every if versions else every[-1:])
            if not each.delete_marker and (place := Place(name, key, each.last_modified))
        }

    def _truth(self, place: Place, version_id: str | None) -> Stored:
        item = self._items[place]
        refused = self._refused[place.bucket, place.key]
        return Stored(item.content.body, _readable(self.corpus.homes[item.home], item, refused), version_id)

    def audit(self, state: Path, **options: Any) -> AuditReport:  # noqa: ANN401  those of AuditConfig
        """Audit all of it, one request at a time unless told otherwise; the stores count from zero."""
        sources = [
            Source(f"s3://{home.name}", None if home.endpoint == AWS else home.endpoint) for home in self.corpus.homes
        ]
        return audit(AuditConfig(sources, state=state, **{"concurrency": 1, **options}), open_store=self._open)

    def _open(self, reach: StoreConfig) -> MemoryStore:
        endpoint = reach.endpoint_url or AWS
        return MemoryStore(self.s3[endpoint], endpoint, self.page_keys, self.ignores_conditions and endpoint != AWS)

    def log(self) -> Sequence[LogEntry]:
        """Every request that the stores were sent."""
        return [entry for s3 in self.s3.values() for entry in s3.log]


def _readable(home: Home, item: Item, refused: Collection[Refusal]) -> bool:
    """Whether a GET is answered. Elsewhere than on AWS a listing does not tell that an object was restored."""
    kms = item.encryption in {"SSE-KMS", "DSSE-KMS"}
    if not {"GetObject", "both"}.isdisjoint(refused) or (kms and "kms:Decrypt" in refused):
        return False
    archived = item.storage in {"GLACIER", "GLACIER ongoing", "DEEP_ARCHIVE", "ARCHIVE_ACCESS"}
    hidden = item.storage == "GLACIER restored" and home.endpoint != AWS
    return not archived and not hidden and item.encryption != "SSE-C"


def _storage(name: str) -> dict[str, Any]:
    """The options of `PlantedS3.put` for a storage class and what became of the object in it."""
    if name == "ARCHIVE_ACCESS":
        return {"storage_class": "INTELLIGENT_TIERING", "archive_status": name}
    storage, _, restore = name.partition(" ")
    return {"storage_class": storage, "restore": {"ongoing": "ongoing", "restored": RESTORED_UNTIL}.get(restore)}


def _checksum(item: Item) -> tuple[str, str] | tuple[str, str, str] | None:
    """The stored checksum. A stand-in for an XXHASH is as wide as that and sees of the bytes only the first, so that
    many contents share it; a wrong checksum is that of other bytes.
    """
    if item.checksum is None:
        return None
    algorithm, kind = item.checksum
    if item.wrong_checksum:
        return algorithm, kind, base64.b64encode(b"wrong checksum").decode()
    if algorithm in COMPUTED:
        return item.checksum
    suffix = f"-{len(item.parts)}" if item.parts else ""
    return algorithm, kind, base64.b64encode(item.content.body[:1] * XXHASH_BYTES[algorithm]).decode() + suffix
