"""What botocore does not tell of an answer: the bytes of a listing, and whether one about versioning is one."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from s3dedup.store.settings import IS_VERSIONING

LISTINGS = (b"ListBucketResult", b"ListVersionsResult")
HEAD, TAIL = 512, 256
"""Where a listing is opened and closed (bytes)."""


def install(events: Any) -> None:  # noqa: ANN401  botocore's emitter is untyped
    """Hook into a client's events: the answer to a listing is then `{"PageBody": bytes}`, and one about versioning has
    `IS_VERSIONING`.
    """
    for operation in ("ListObjectsV2", "ListObjectVersions"):
        # With this wildcard it comes before botocore's own look for an error inside a 200, which parses every page.
        events.register_first(f"before-parse.*.{operation}", _keep_page)
    events.register("before-parse.s3.GetBucketVersioning", _recognise)


def _recognise(*, response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: object) -> None:
    """Say whether it is an answer about versioning: servers exist that send a listing instead."""
    customized_response_dict[IS_VERSIONING] = b"Versioning" in response_dict["body"][:512]


def _keep_page(*, response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: object) -> None:
    """Hand a listing on as bytes, and leave botocore (which would parse it twice) an empty one. Whatever does not look
    like a whole listing, an error inside a 200 above all, stays for botocore to judge; but for what is no XML at all,
    which botocore would take for a server's slip and ask for again and again.
    """
    body = response_dict["body"]
    listing = is_listing(body)
    if response_dict["status_code"] == HTTPStatus.OK and (listing or _is_no_xml(body)):
        if listing:
            customized_response_dict["PageBody"] = body
        response_dict["body"] = b"<ListBucketResult/>"


def is_listing(body: bytes) -> bool:
    """Whether a body looks like a whole listing."""
    head, tail = body[:HEAD], body[-TAIL:]
    return any(b"<" + tag in head and b"</" + tag + b">" in tail for tag in LISTINGS)


def _is_no_xml(body: bytes) -> bool:
    """Whether a body is a web page, or JSON, or plain text."""
    start = body[:HEAD].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return bool(start) and (not start.startswith(b"<") or b"<html" in start or b"<!doctype html" in start)
