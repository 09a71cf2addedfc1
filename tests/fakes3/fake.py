"""`FakeS3`: planted through Python, read through boto3."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import boto3
from botocore.config import Config

from tests.fakes3.answers import S3Error, World, answer, error_response
from tests.fakes3.faults import Faults, LogEntry, Match, Request, Response, matching
from tests.fakes3.objects import (
    MD5_ENCRYPTIONS,
    Bucket,
    Checksum,
    Encryption,
    Lock,
    Order,
    Replication,
    StoredObject,
    check_checksum,
    md5_etag,
    part_layout,
)
from tests.fakes3.server import Server

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence
    from typing import Self

S3Client: TypeAlias = Any
"""A boto3 S3 client: typed where boto3-stubs[s3] is installed, and not needed for that here."""

ChecksumSpec: TypeAlias = tuple[str, str] | tuple[str, str, str] | None
AUTOMATIC: ChecksumSpec = ("CRC64NVME", "FULL_OBJECT")
_FIRST_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


@cache
def _session() -> boto3.session.Session:
    """One session for all clients: it loads S3's model once."""
    return boto3.session.Session()


@dataclass
class _Hook:
    match: Match
    do: Callable[[], object]
    countdown: int


class PlantedS3:
    """Buckets and objects, planted through Python, and what S3 answers about them: without a server.

    `log` holds every request in order. Times and random ETags are the same in each run: objects are a second apart,
    from 2026-01-01 on.
    """

    def __init__(self) -> None:
        self.latency = 0.0
        self.log: list[LogEntry] = []
        self.faults = Faults(self._error)
        self._world = World()
        self._hooks: list[_Hook] = []
        self._lock = threading.RLock()
        self._random = random.Random(0)
        self._planted = 0

    def bucket(
        self,
        name: str,
        *,
        region: str = "us-east-1",
        region_error: Literal["malformed", "redirect"] = "malformed",
        encryption_rule: Literal["AES256", "aws:kms", "aws:kms:dsse"] | None = "AES256",
        versioning: Literal["Enabled", "Suspended"] | None = None,
        object_lock: bool = False,
        replication: Sequence[Replication] = (),
        directory_bucket: bool = False,
        order: Order = "utf-8",
        start_after_broken: bool = False,
    ) -> Bucket:
        """Make a bucket (see `Bucket` for the settings, which may be changed on what is returned)."""
        with self._lock:
            self._world.buckets[name] = Bucket(
                name=name,
                region=region,
                region_error=region_error,
                encryption_rule=encryption_rule,
                versioning=versioning,
                object_lock=object_lock,
                replication=replication,
                directory_bucket=directory_bucket,
                order=order,
                start_after_broken=start_after_broken,
            )
            return self._world.buckets[name]

    def put(
        self,
        bucket: str,
        key: str,
        body: bytes,
        *,
        parts: Sequence[int] | int | None = None,
        encryption: Encryption = "SSE-S3",
        md5_kept: bool = False,
        etag: str | None = None,
        storage_class: str | None = None,
        archive_status: Literal["ARCHIVE_ACCESS", "DEEP_ARCHIVE_ACCESS"] | None = None,
        restore: datetime | Literal["ongoing"] | None = None,
        checksum: ChecksumSpec = AUTOMATIC,
        last_modified: datetime | None = None,
        version_id: str | None = None,
        replication_status: str | None = None,
        lock: Lock | None = None,
        legal_hold: bool | None = None,
    ) -> StoredObject:
        """Plant an object (and its bucket, if there is none of that name).

        Args:
            bucket: the bucket's name.
            key: the key.
            body: the content.
            parts: for a multipart object the part sizes, or one size for all but the last.
            encryption: KMS and SSE-C make the ETag a random one, as AWS does.
            md5_kept: the encryption was changed in place: the ETag is what it was under SSE-S3.
            etag: an ETag that follows no rule, without quotes.
            storage_class: STANDARD, and EXPRESS_ONEZONE in a directory bucket, unless said otherwise.
            archive_status: of an INTELLIGENT_TIERING object that was archived.
            restore: when the restored copy of a GLACIER object expires, or "ongoing".
            checksum: (algorithm, type) or (algorithm, type, base64 value); None for an old object.
            last_modified: a second after the object planted before, unless given.
            version_id: in a bucket with versioning a new id, unless given.
            replication_status: "REPLICA", "COMPLETED", ...
            lock: the Object Lock mode, and until when.
            legal_hold: on or off, where one was ever set.

        Raises:
            ImpossibleObjectError: S3 would never hold such an object.
        """
        with self._lock:
            home = self._world.buckets.get(bucket) or self.bucket(bucket)
            sizes = part_layout(len(body), parts)
            kept = None if checksum is None else Checksum(*checksum)
            if kept:
                check_checksum(kept, multipart=sizes is not None)
            if etag is None:
                is_md5 = (encryption in MD5_ENCRYPTIONS or md5_kept) and not home.directory_bucket
                suffix = f"-{len(sizes)}" if sizes else ""
                etag = md5_etag(body, sizes) if is_md5 else self._hex() + suffix
            stored = StoredObject(
                key=key,
                body=body,
                etag=etag,
                part_sizes=sizes,
                encryption=encryption,
                storage_class=storage_class or ("EXPRESS_ONEZONE" if home.directory_bucket else "STANDARD"),
                archive_status=archive_status,
                restore=restore,
                checksum=kept,
                last_modified=last_modified or self._moment(),
                version_id=version_id or self._version_id(home),
                replication_status=replication_status,
                lock=lock,
                legal_hold=legal_hold,
            )
            home.store(stored)
            return stored

    def delete(self, bucket: str, key: str) -> None:
        """Remove an object, or in a bucket with versioning put a delete marker on it."""
        with self._lock:
            home = self._world.buckets[bucket]
            if home.versioning is None:
                home.remove(key)
                return
            marker = StoredObject(
                key=key, delete_marker=True, version_id=self._version_id(home), last_modified=self._moment()
            )
            home.store(marker)

    def deny(self, bucket: str, action: str, key: str | None = None) -> None:
        """Refuse an IAM action (s3:ListBucket, s3:GetObject, kms:Decrypt, ...) on a bucket or on one key."""
        self._world.denied.add((bucket, action, key))

    def allow(self, bucket: str, action: str, key: str | None = None) -> None:
        """Take back a `deny`."""
        self._world.denied.discard((bucket, action, key))

    def _hex(self) -> str:
        return f"{self._random.getrandbits(128):032x}"

    def _moment(self) -> datetime:
        self._planted += 1
        return _FIRST_MOMENT + timedelta(seconds=self._planted)

    def _version_id(self, home: Bucket) -> str:
        return self._hex() if home.versioning == "Enabled" else "null"

    def after(self, match: Match, do: Callable[[], object], *, nth: int = 1) -> None:
        """Call `do` right after the `nth` matching request was answered, before any later one is."""
        with self._lock:
            self._hooks.append(_Hook(match, do, nth))

    def replace_after_get(self, bucket: str, key: str, body: bytes, *, nth: int = 1) -> None:
        """Put another body in the place of an object after its `nth` GetObject."""
        self.after(matching("GetObject", key, bucket), lambda: self.put(bucket, key, body), nth=nth)

    def delete_after_get(self, bucket: str, key: str, *, nth: int = 1) -> None:
        """Remove an object after its `nth` GetObject."""
        self.after(matching("GetObject", key, bucket), lambda: self.delete(bucket, key), nth=nth)

    def requests(
        self, operation: str | None = None, key: str | None = None, bucket: str | None = None
    ) -> list[LogEntry]:
        """The logged requests that match."""
        match = matching(operation, key, bucket)
        with self._lock:
            return [entry for entry in self.log if match(entry.request)]

    def count(self, operation: str | None = None, key: str | None = None, bucket: str | None = None) -> int:
        """How many logged requests match."""
        return len(self.requests(operation, key, bucket))

    @staticmethod
    def _error(request: Request, status: int, code: str, message: str) -> Response:
        return error_response(request, S3Error(status, code, message))

    def serve(self, request: Request) -> Response:
        """Answer a request, and remember it."""
        response = self.faults.apply(request, self._answer)
        response.wait += self.latency
        sent = 0 if request.method == "HEAD" else len(memoryview(response.body)[: response.cut_after])
        with self._lock:
            self.log.append(LogEntry(request, response.status, sent))
            self._run_hooks(request)
        return response

    def _answer(self, request: Request) -> Response:
        with self._lock:
            return answer(self._world, request)

    def _run_hooks(self, request: Request) -> None:
        for hook in [hook for hook in self._hooks if hook.match(request)]:
            hook.countdown -= 1
            if hook.countdown == 0:
                hook.do()


class FakeS3(PlantedS3):
    """The same behind a server. `latency` is added to each answer, in seconds. With `tls` it speaks nothing else."""

    def __init__(self, *, latency: float = 0.0, tls: ssl.SSLContext | None = None) -> None:
        super().__init__()
        self.latency = latency
        self._server = Server(self.serve, tls)
        self._clients: list[S3Client] = []

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._clients:
            client.close()
        self._server.stop()

    @property
    def endpoint_url(self) -> str:
        """Where it listens."""
        return self._server.url

    def client(
        self,
        *,
        region: str = "us-east-1",
        attempts: int = 1,
        endpoint_url: str | None = None,
        **config: object,
    ) -> S3Client:
        """A boto3 client of this server (or of another), to be closed with it; it tries `attempts` times."""
        settings: dict[str, Any] = {"retries": {"total_max_attempts": attempts}, **config}
        made: S3Client = _session().client(
            "s3",
            endpoint_url=endpoint_url or self.endpoint_url,
            region_name=region,
            aws_access_key_id="AKIAFAKEFAKEFAKEFAKE",
            aws_secret_access_key="fake",
            config=Config(s3={"addressing_style": "path"}, **settings),
        )
        self._clients.append(made)
        return made
