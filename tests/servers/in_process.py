"""Moto, in a thread of the test process, with the ETags that AWS gives to encrypted objects.

What is corrected, and why: on AWS the ETag of an object under SSE-KMS or SSE-C is not the MD5 of its content,
yet it has 32 hex digits; moto gives the MD5. Here it is 32 random hex digits, for objects and for the parts
of an upload. Moto also knows nothing of SSE-C: here an object that was put with a customer's key is refused
(400) without that key, as on AWS. Multipart uploads with SSE-C are left alone: use ministack for those.
"""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import pytest
from moto.s3.exceptions import S3ClientError
from moto.s3.models import FakeKey
from moto.s3.responses import S3Response
from moto.server import ThreadedMotoServer

from s3dedup.demo.process import LOOPBACK
from tests.servers import S3Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_KMS = ("aws:kms", "aws:kms:dsse")
_KEY_MD5 = "x-amz-server-side-encryption-customer-key-MD5"
_customer_key: ContextVar[str | None] = ContextVar("customer_key", default=None)


@contextmanager
def moto_in_process() -> Iterator[S3Server]:
    """Moto on a free port of loopback until the block ends; it accepts any keys."""
    with pytest.MonkeyPatch.context() as patch:
        _correct_etags(patch)
        _refuse_without_customer_key(patch)
        server = ThreadedMotoServer(ip_address=LOOPBACK, port=0, verbose=False)
        server.start()
        try:
            host, port = server.get_host_and_port()
            yield S3Server("moto", f"http://{host}:{port}", "MOTO0TAKES0ANY0KEYS0", "and-any-secret")
        finally:
            server.stop()


def _correct_etags(patch: pytest.MonkeyPatch) -> None:
    md5_etag = vars(FakeKey)["etag"].fget
    create = FakeKey.__init__

    def etag(key: Any) -> str:  # noqa: ANN401 - moto is untyped
        hidden = key.encryption in _KMS or key.customer_key is not None
        if hidden and vars(key)["_etag"] is None:
            vars(key)["_etag"] = secrets.token_hex(16)
        return str(md5_etag(key))

    def create_with_customer_key(key: Any, *args: Any, **options: Any) -> None:  # noqa: ANN401 - same
        vars(key)["customer_key"] = _customer_key.get()
        create(key, *args, **options)

    patch.setattr(FakeKey, "etag", property(etag))
    patch.setattr(FakeKey, "__init__", create_with_customer_key)


def _refuse_without_customer_key(patch: pytest.MonkeyPatch) -> None:
    find, head = S3Response._get_key, S3Response.head_object  # noqa: SLF001 - that is what is corrected

    def find_with_key(response: Any, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - moto is untyped
        key, unchanged = find(response, *args, **options)
        if _locked(key, response.headers):
            raise S3ClientError("InvalidRequest", "The object was stored using a form of Server Side Encryption.")
        return key, unchanged

    def head_with_key(response: Any, bucket_name: str, query: Any, key_name: str, headers: Any) -> Any:  # noqa: ANN401
        key = response.backend.get_object(bucket_name, key_name)
        if _locked(key, headers):
            return 400, {}, ""
        return head(response, bucket_name=bucket_name, query=query, key_name=key_name, headers=headers)

    patch.setattr(S3Response, "_get_key", find_with_key)
    patch.setattr(S3Response, "head_object", head_with_key)
    for name in ("put_object", "copy_object"):
        patch.setattr(S3Response, name, _with_customer_key(getattr(S3Response, name)))


def _locked(key: Any, headers: Any) -> bool:  # noqa: ANN401 - moto is untyped
    """Whether the object needs a customer's key that the request does not carry."""
    return key is not None and key.customer_key not in (None, headers.get(_KEY_MD5))


def _with_customer_key(write: Callable[..., Any]) -> Callable[..., Any]:
    def written(response: Any) -> Any:  # noqa: ANN401 - moto is untyped
        token = _customer_key.set(response.headers.get(_KEY_MD5))
        try:
            return write(response)
        finally:
            _customer_key.reset(token)

    return written
