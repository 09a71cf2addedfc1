"""The steps of an explanation that tell what is known of an object, in sentences. Whatever is hostile is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterator

from s3dedup.evidence import Form, Meaning
from s3dedup.explanation import EtagExplained, HeadExplained, ObjectExplained, Settling, SpaceCompared
from s3dedup.model import Encryption, EtagTrust
from s3dedup.text import human_bytes, human_count, plain

_LAYOUT = re.compile(r"multipart-(\d+)x(\d+)")
_COMPOSITE = re.compile(r"composite-(\w+)-(\d+)x(\d+)")
_BEGUN = re.compile(r"(\w+)-begun-(\d+)")
_PARTED = re.compile(r"multipart-(\d+)")

FORMS = {
    Form.HEX: "32 hex digits, as an MD5 has",
    Form.MULTIPART: "written as that of a multipart upload",
    Form.OTHER: "written like no digest",
}
MEANINGS = {
    Meaning.MD5: "It counts as the MD5 of the content",
    Meaning.MULTIPART: "It counts as the MD5 of its parts' MD5s",
    Meaning.OPAQUE: "It proves nothing",
    Meaning.UNKNOWN: "It proves nothing as long as the encryption is unknown",
}
ENCRYPTIONS = {
    Encryption.NONE: "not encrypted",
    Encryption.SSE_S3: "encrypted with SSE-S3",
    Encryption.KMS: "encrypted with SSE-KMS",
    Encryption.DSSE: "encrypted with DSSE-KMS",
    Encryption.SSE_C: "encrypted with a customer's key",
}


def etag(each: ObjectExplained) -> Iterator[str]:
    """What the ETag means, and why."""
    found, head = each.etag, each.head
    if found is None:
        return
    yield f"{FORMS[found.form][0].upper()}{FORMS[found.form][1:]}. {MEANINGS[found.meaning]}: {_because(found, head)}."
    if found.rule is not None:
        yield f"Known of the bucket: {plain(found.rule)}"
    if head is not None:
        yield from _head(head)


def _because(found: EtagExplained, head: HeadExplained | None) -> str:
    """Why an ETag means what it does.

    | trust | form | proven | settled by the listing | own HEAD | bucket's default | it says |
    |---|---|---|---|---|---|---|
    | never | any | - | - | - | - | the option |
    | any other | OTHER | - | - | - | - | the form |
    | always | HEX, MULTIPART | - | - | - | - | the option |
    | auto | HEX, MULTIPART | no | - | - | - | not proven |
    | auto | HEX, MULTIPART | yes | yes | - | known | the bucket's rule, for all of this size |
    | auto | HEX, MULTIPART | yes | no | known | - | its own encryption |
    | auto | HEX, MULTIPART | yes | no | none | known | the bucket's rule |
    | auto | HEX, MULTIPART | yes | no | none | unknown | nobody could be asked |
    """
    if found.trust is EtagTrust.NEVER:
        return "--etag-trust never was passed"
    if found.form is Form.OTHER:
        return "only digests could be compared"
    if found.trust is EtagTrust.ALWAYS:
        return "--etag-trust always was passed"
    return (
        _by_the_rules(found, head) if found.proven else "ETags of this form are not proven to follow AWS's rules there"
    )


def _by_the_rules(found: EtagExplained, head: HeadExplained | None) -> str:
    """Where ETags follow AWS's rules, so that encryption is what counts: from where it is known."""
    if found.by_listing:
        return "that is the rule wherever an object of this size was listed, so the listing alone was looked at"
    if head is not None:
        return f"a HEAD said that it is {ENCRYPTIONS[head.encryption]}"
    return "the bucket's rule says so" if found.default is not None else "no HEAD of it has told"


def _head(head: HeadExplained) -> Iterator[str]:
    """What its own HEAD told."""
    told = [ENCRYPTIONS[head.encryption]]
    if head.part_size and head.parts:
        told.append(f"{human_count(head.parts, 'part')}, the first of {human_bytes(head.part_size)}")
    if head.archived:
        told.append("in an archive tier")
    yield f"A HEAD told: {', '.join(told)}."
    if head.checksums:
        use = "" if head.trusted else ", which is not used: only AWS's are known to be right"
        yield f"Stored beside it: {', '.join(map(plain, head.checksums))}{use}."


def read(each: ObjectExplained) -> Iterator[str]:
    """What was read of it."""
    found = each.read
    if found is None:
        if each.same_size:
            yield "Nothing of it was read."
        return
    part = "all" if found.ranges == found.of else f"{found.ranges:,} of {found.of:,}"
    yield (
        f"This audit or an earlier one read {human_bytes(found.bytes)}: {part} ranges, each with its"
        f" {found.algorithm.upper()}."
    )
    for space, value in found.digests.items():
        yield f"Its bytes give {space_name(space)}: {value}."


def compared(each: SpaceCompared) -> str:
    """What one space says of two objects.

    | role | equal | it says |
    |---|---|---|
    | decides | yes | same |
    | decides | no | different |
    | unites | yes | same |
    | unites | no | nothing: part sizes may differ |
    | separates | yes | nothing: too weak |
    | separates | no | different |
    """
    said = {
        ("decides", True): "equal, which proves that they are the same",
        ("decides", False): "unequal, which proves that they differ",
        ("unites", True): "equal, which proves that they are the same",
        ("unites", False): "unequal, which proves nothing: the parts may have other sizes",
        ("separates", True): "equal, which proves nothing by itself",
        ("separates", False): "unequal, which proves that they differ",
    }[each.role, each.equal]
    values = each.one if each.equal else f"{each.one} and {each.other}"
    name = space_name(each.space)
    return f"{name[0].upper()}{name[1:]} is {said}: {values}, of"


def settling(each: Settling) -> str:
    """What reading an object would give."""
    wanted = " and ".join(map(space_name, each.spaces)) or "the digests of its ranges"
    return f"Reading this one ({human_bytes(each.object.size)}) would give {wanted} to compare:"


def space_name(space: str) -> str:
    """What is compared in a space of `Evidence`.

    | space | name |
    |---|---|
    | multipart-3x8388608 | the multipart ETag in 3 parts of 8.0 MiB |
    | multipart-1 | the MD5 of the MD5 of the content |
    | multipart-3 | the multipart ETag in 3 parts |
    | composite-sha256-3x8388608 | the SHA256 of the SHA256s of 3 parts of 8.0 MiB |
    | sha1-ranges | the SHA1 of every range |
    | sha1-begun-2 | the SHA1 of the first 2 ranges |
    | any other | its own, in capitals |
    """
    if match := _LAYOUT.fullmatch(space):
        return f"the multipart ETag in {_parts(match[1], match[2])}"
    if space == "multipart-1":
        return "the MD5 of the MD5 of the content"
    if match := _COMPOSITE.fullmatch(space):
        return f"the {match[1].upper()} of the {match[1].upper()}s of {_parts(match[2], match[3])}"
    if match := _PARTED.fullmatch(space):
        return f"the multipart ETag in {human_count(int(match[1]), 'part')}"
    if match := _BEGUN.fullmatch(space):
        return f"the {match[1].upper()} of the first {human_count(int(match[2]), 'range')}"
    algorithm, _, ranges = space.partition("-")
    return f"the {algorithm.upper()} of every range" if ranges else f"the {algorithm.upper()} of the content"


def _parts(count: str, size: str) -> str:
    return f"{human_count(int(count), 'part')} of {human_bytes(int(size))}"
