"""Start ministack with the ETags that AWS gives to encrypted objects. Run as a program, by `external.py`.

What is corrected, and why: on AWS the ETag of an object under SSE-KMS or SSE-C is *not* the MD5 of its
content (S3 API, API_Object: "Objects encrypted by SSE-C or SSE-KMS have ETags that are not an MD5 digest of
their object data"), yet it has 32 hex digits all the same. Ministack gives the MD5, with which a tool that
trusts such an ETag would pass every test. Here these objects get random hex digits, whether put, uploaded in
parts, or copied, and whether the request or the bucket's default asks for the encryption; copying such an
object into the open gives the MD5 again. Nothing else of ministack changes.
"""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from contextvars import ContextVar
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ministack import app  # type: ignore[import-untyped]
from ministack.services import s3  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Answer = tuple[int, dict[str, Any], bytes]
_KMS = ("aws:kms", "aws:kms:dsse")
_hidden: ContextVar[bool] = ContextVar("hidden", default=False)


def _hides_md5(sse: dict[str, str] | None) -> bool:
    """Whether an object stored with these headers has an ETag that is no MD5."""
    headers = sse or {}
    by_kms = headers.get("x-amz-server-side-encryption") in _KMS
    return by_kms or "x-amz-server-side-encryption-customer-algorithm" in headers


@contextmanager
def _one_write(*, hidden: bool = False) -> Iterator[None]:
    token = _hidden.set(hidden)
    try:
        yield
    finally:
        _hidden.reset(token)


def _etag_digest(md5_hash: Callable[[bytes], str]) -> Callable[[bytes], str]:
    """What ministack's S3 hashes bodies with, for nothing but ETags."""
    return lambda body: secrets.token_hex(16) if _hidden.get() else md5_hash(body)


def _noted(resolve: Callable[..., Any]) -> Callable[..., Any]:
    """Ministack asks here which encryption a write gets, before it hashes the body."""

    def noted(headers: dict[str, str], bucket: str) -> tuple[dict[str, str] | None, Any]:
        sse, error = resolve(headers, bucket)
        _hidden.set(_hides_md5(sse))
        return sse, error

    return noted


def _whole(write: Callable[..., Answer]) -> Callable[..., Answer]:
    """PutObject and PostObject."""

    def whole(*args: object) -> Answer:
        with _one_write():
            return write(*args)

    return whole


def _hidden_upload(query: dict[str, Any]) -> bool:
    """Whether an upload in progress was begun with an encryption that hides the MD5."""
    upload = s3._multipart_uploads.get(s3._qp(query, "uploadId")) or {}  # noqa: SLF001 - what is corrected
    return _hides_md5(upload.get("preserved_headers"))


def _part(write: Callable[..., Answer]) -> Callable[..., Answer]:
    """UploadPart and UploadPartCopy, which are encrypted as their upload was asked to be."""

    def part(*args: Any) -> Answer:  # noqa: ANN401 - ministack's own values
        with _one_write(hidden=_hidden_upload(args[-2])):
            return write(*args)

    return part


def _complete(write: Callable[..., Answer]) -> Callable[..., Answer]:
    """CompleteMultipartUpload, for which ministack hashes the bodies of the parts again."""

    def complete(bucket: str, key: str, *rest: Any) -> Answer:  # noqa: ANN401 - ministack's own values
        hidden = _hidden_upload(rest[1])
        status, answer, body = write(bucket, key, *rest)
        if status == HTTPStatus.OK and hidden:
            _, _, count = _etag(bucket, key).partition("-")
            body = _replace_etag(bucket, key, body, f"{secrets.token_hex(16)}-{count}")
        return status, answer, body

    return complete


def _copy(write: Callable[..., Answer]) -> Callable[..., Answer]:
    """CopyObject, for which ministack takes over the source's ETag."""

    def copy(bucket: str, key: str, headers: dict[str, str]) -> Answer:
        with _one_write():
            status, answer, body = write(bucket, key, headers)
            # The open copy of a multipart object keeps its `-N`: ministack's own slip, and left as it is.
            if status == HTTPStatus.OK and (_hidden.get() or "-" not in _etag(bucket, key)):
                body = _replace_etag(bucket, key, body, s3.md5_hash(_record(bucket, key)["body"]))
            return status, answer, body

    return copy


def _record(bucket: str, key: str) -> dict[str, Any]:
    found: dict[str, Any] = s3._buckets[bucket]["objects"][key]  # noqa: SLF001 - what is corrected
    return found


def _etag(bucket: str, key: str) -> str:
    return str(_record(bucket, key)["etag"]).strip('"')


def _replace_etag(bucket: str, key: str, answer: bytes, etag: str) -> bytes:
    """Give the object just written another ETag: in its record, in its version, and in the answer."""
    before = _etag(bucket, key)
    versions = s3._object_versions.get((bucket, key), [])  # noqa: SLF001 - what is corrected
    for entry in (_record(bucket, key), *versions[-1:]):
        entry["etag"] = f'"{etag}"'
    return answer.replace(before.encode(), etag.encode())


def main() -> None:
    """Correct ministack, then run it as its own command would."""
    s3.md5_hash = _etag_digest(s3.md5_hash)
    s3._resolve_sse_write_headers = _noted(s3._resolve_sse_write_headers)  # noqa: SLF001 - what is corrected
    for name, corrected in (
        ("_put_object", _whole),
        ("_post_object", _whole),
        ("_upload_part", _part),
        ("_upload_part_copy", _part),
        ("_complete_multipart_upload", _complete),
        ("_copy_object", _copy),
    ):
        setattr(s3, name, corrected(getattr(s3, name)))
    app.main()


if __name__ == "__main__":
    main()
