"""Reads a plan line by line. It may have been edited: whatever makes no sense is refused, and nothing is guessed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TypeVar

import msgspec

from s3dedup.plan.values import SCHEMA, PlanHead, PlanLine, PlannedObject

T = TypeVar("T")

FAMILY = SCHEMA.rpartition("/")[0] + "/"
REDUNDANT, DROPPED = "redundant", "dropped"
"""The types of records behind the head."""


class _Kind(msgspec.Struct):
    """What every record has; only `redundant` ones have a seal."""

    type: str
    seal: str = ""


class _First(msgspec.Struct):
    """What the first record of a plan has, of whatever version."""

    schema: str


_kind = msgspec.json.Decoder(_Kind)
_first = msgspec.json.Decoder(_First)
_head = msgspec.json.Decoder(PlanHead)
_line = msgspec.json.Decoder(PlanLine)


def read_head(text: bytes) -> PlanHead:
    """Read the first line of a plan.

    Raises:
        ValueError: it is none, or one of a newer s3dedup; the message says what is wrong and what to do.
    """
    try:
        schema = _first.decode(text).schema
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ValueError("it does not begin as a plan does: pass what `s3dedup manifest` wrote as jsonl") from error
    if schema != SCHEMA:
        newer = schema.startswith(FAMILY)
        raise ValueError(
            f"it is of schema {schema!r}, which this s3dedup does not know: upgrade it"
            if newer
            else f"it is of schema {schema!r}, and no plan: pass what `s3dedup manifest` wrote as jsonl"
        )
    head = _decoded(_head, text)
    if head.digest not in {"sha1", "sha256"}:
        raise ValueError(f"{head.digest!r} is no digest of an audit")
    return head


def read_line(text: bytes, head: PlanHead) -> PlanLine | None:
    """Read any other line of a plan; None for one that tells what was dropped from it earlier.

    Raises:
        ValueError: it makes no sense; the message says why.
    """
    kind = _decoded(_kind, text)
    if kind.type == DROPPED:
        return None
    if kind.type != REDUNDANT:
        raise ValueError(f"{kind.type!r} is no type of record that a plan has")
    line = _decoded(_line, text)
    complaint = next(_complaints(line, head), None)
    if complaint is not None:
        raise ValueError(complaint)
    if kind.seal != seal(line, head):
        raise ValueError("it is not as s3dedup wrote it for this audit")
    return line


def seal(line: PlanLine, head: PlanHead) -> str:
    """A digest of what has to stay together: two objects, and the audit that says that they are the same. It is no
    secret, and guards against slips: another keeper, typed into a line, would be one that nothing was proven of.
    """
    said = (head.run.id, head.digest, line.group, line.evidence, line.keeper, line.redundant, line.checked)
    return hashlib.blake2b(msgspec.msgpack.encode(said), digest_size=8).hexdigest()


def _decoded(decoder: msgspec.json.Decoder[T], text: bytes) -> T:
    try:
        return decoder.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ValueError(" ".join(str(error).split())) from error


def _complaints(line: PlanLine, head: PlanHead) -> Iterator[str]:
    """What makes no sense in a line."""
    keeper, redundant = line.keeper, line.redundant
    for name, each in (("keeper", keeper), ("redundant object", redundant)):
        yield from (f"the {name}'s {complaint}" for complaint in _nonsense(each, head))
    if keeper.size != redundant.size:
        yield f"the sizes {keeper.size} and {redundant.size} are not the same"
    if keeper.name == redundant.name:
        yield "the keeper is the redundant object itself"


def _nonsense(item: PlannedObject, head: PlanHead) -> Iterator[str]:
    if item.size < 1:
        yield f"size cannot be {item.size}"
    if not (item.bucket and item.key):
        yield "bucket or key is empty"
    if not (item.etag and item.etag.isascii() and item.etag.isprintable()):
        yield f"ETag cannot be {item.etag!r}"
    if item.last_modified.tzinfo is None:
        yield "time has no time zone"
    if item.endpoint not in head.endpoints:
        yield f"endpoint {item.endpoint!r} is none of the plan's"
    if head.versions != (item.version_id is not None):
        yield "version id is missing" if head.versions else "version id is none that was audited"
