"""What a listing is made of, as regular expressions: every element that a server may send, by name.

Text cannot contain `<`, so a tag that is found is a tag. Elements may come in any order, but each only once. Values
have narrow alphabets, so that no illegal character, no unknown entity and no `]]>` can hide in them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import IntEnum
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple


class Column(IntEnum):
    """The groups of an entry's pattern, by number: a condition can look ahead to a number, not to a name.

    OBJECT is filled for an object and not for a delete marker; OWNER and TYPE only say that they were there.
    """

    OBJECT = 1
    KEY = 2
    MODIFIED = 3
    QUOTE = 4
    ETAG = 5
    ALGORITHMS = 6
    CHECKSUM_TYPE = 7
    SIZE = 8
    STORAGE_CLASS = 9
    RESTORE = 10
    OWNER = 11
    TYPE = 12
    VERSION_ID = 13
    LATEST = 14


_NEVER = "(?!)"
_PLAIN = "[!#-%'-;=?-~]*+"  # printable ASCII but for the space and " & < >
_UNMARKED = r"[^<&\]\x00-\x1f\ufffe\uffff]*+"
_NAME = f"{_UNMARKED}(?:&(?:amp|lt|gt|quot|apos);{_UNMARKED})*"  # owners are called "R&D"
_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?Z"
_QUOTE = '(&quot;|&#34;|&#x22;|"|)'
_QUOTED = rf"{_QUOTE}({_PLAIN})(?:\{Column.QUOTE})"
NEXT_ALGORITHM = "</ChecksumAlgorithm><ChecksumAlgorithm>"
ONGOING = "<IsRestoreInProgress>true</IsRestoreInProgress>"
_RESTORE = (
    rf"((?:{ONGOING}|<IsRestoreInProgress>false</IsRestoreInProgress>)?"
    rf"(?:<RestoreExpiryDate>{_TIME}</RestoreExpiryDate>)?)"
)
_OWNER_ID = f"<ID>{_NAME}</ID>"
_OWNER_NAME = f"<DisplayName>{_NAME}</DisplayName>"
_OWNER = f"()(?:{_OWNER_NAME}{_OWNER_ID}|(?:{_OWNER_ID})?(?:{_OWNER_NAME})?)"


_Fields = dict[str, tuple[Column, str]]
"""By element, the column that it fills, and the pattern of its value."""
_OBJECT_FIELDS: _Fields = {
    "Key": (Column.KEY, "([^<]*+)"),
    "LastModified": (Column.MODIFIED, f"({_TIME})"),
    "ETag": (Column.ETAG, _QUOTED),
    "ChecksumAlgorithm": (Column.ALGORITHMS, f"({_PLAIN}(?:{NEXT_ALGORITHM}{_PLAIN})*)"),
    "ChecksumType": (Column.CHECKSUM_TYPE, f"({_PLAIN})"),
    "Size": (Column.SIZE, "([0-9]{1,19})"),
    "StorageClass": (Column.STORAGE_CLASS, f"({_PLAIN})"),
    "RestoreStatus": (Column.RESTORE, _RESTORE),
    "Owner": (Column.OWNER, _OWNER),
    "Type": (Column.TYPE, f"(){_PLAIN}"),  # Ceph's own: Normal or Appendable
}
_VERSION_FIELDS: _Fields = {
    **_OBJECT_FIELDS,
    "VersionId": (Column.VERSION_ID, f"({_PLAIN})"),
    "IsLatest": (Column.LATEST, "()(?:true|false)"),
}
_OBJECT_NEEDS = ("Key", "LastModified", "Size")
_VERSION_NEEDS = (*_OBJECT_NEEDS, "VersionId")


def _once(name: str, column: Column, value: str) -> str:
    """An element that may come anywhere in its entry, but fails it when its column is already filled."""
    return f"{name}>(?({column:d}){_NEVER}){value}</{name}>"


def _present(*columns: Column) -> str:
    """Matches nothing, and fails the entry when one of the columns is still empty."""
    return "".join(f"(?({column:d})|{_NEVER})" for column in columns)


def _entry(opening: str, fields: _Fields, closing: str) -> str:
    """A whole entry, its fields in any order: every server has its own, and it changes with the version."""
    every = "|".join(_once(name, *field) for name, field in fields.items())
    return f"{opening}(?:<(?:{every}))*{closing}"


_CONTENTS = _entry(
    "<Contents()>",
    _OBJECT_FIELDS,
    _present(Column.KEY, Column.MODIFIED, Column.SIZE) + "</Contents>",
)
_VERSION = _entry(
    "<(?:Version()|DeleteMarker)>",
    _VERSION_FIELDS,
    _present(Column.KEY, Column.MODIFIED, Column.VERSION_ID)
    + f"(?({Column.OBJECT:d}){_present(Column.SIZE)}</Version>|</DeleteMarker>)",
)


class Ordered(NamedTuple):
    """A pattern for entries whose fields come in one order, and which of its groups is which column. `usual` are the
    columns of which most entries have one value, which fills no group; another stands in the column's group, and where
    there is none at all the next group is filled.
    """

    pattern: re.Pattern[str]
    groups: dict[Column, int]
    usual: dict[Column, str]

    def columns(self, pieces: list[Any]) -> Callable[[Column], list[Any]]:
        """Each column of what `pattern.split` gives; None where an element was absent."""
        stride = self.pattern.groups + 1
        count = len(pieces) // stride

        def column(name: Column) -> list[Any]:
            if name is Column.OBJECT:
                return [""] * count
            if name not in self.groups:
                return [None] * count
            found = pieces[self.groups[name] :: stride]
            return (
                _filled(found, pieces[self.groups[name] + 1 :: stride], value)
                if (value := self.usual.get(name))
                else found
            )

        return column


def _filled(others: list[Any], absences: list[Any], usual: str) -> list[Any]:
    if others.count(None) == absences.count(None) == len(others):
        return [usual] * len(others)
    return [
        None if absent is not None else usual if other is None else other
        for other, absent in zip(others, absences, strict=True)
    ]


def ordered(entries: str) -> Ordered | None:
    """For entries of which all have the order of the first, and most its class and checksum: servers have one order,
    and to know it saves nearly half of the work. What need not be there may be missing, in the first one too. None
    where that is a delete marker, or not usual.
    """
    kind = entries[1 : entries.find(">")]
    fields, needs = _ENTRIES.get(kind, ({}, ()))
    first = entries[: entries.find(f"</{kind}>")]
    order = [name for name in dict.fromkeys(_TAG.findall(first)) if name in fields]
    for before, name in pairwise(_USUAL_ORDER):
        if name in fields and name not in order and before in order:
            order.insert(order.index(before) + 1, name)
    usual = tuple(found for name in _FEW_VALUED if (found := _plain_value(first, name)))
    quote = _ETAG_QUOTE.search(first)
    if not order or not set(needs) <= set(order):
        return None
    return _ordered(kind, tuple(order), usual, None if quote is None else quote[1])


def _plain_value(entry: str, name: str) -> tuple[str, str] | None:
    """An element's name and value, where it is there and has a plain one."""
    value = entry.partition(f"<{name}>")[2].partition("<")[0]
    return (name, value) if value and re.fullmatch(_PLAIN, value) else None


@lru_cache(maxsize=64)
def _ordered(kind: str, order: tuple[str, ...], usual: tuple[tuple[str, str], ...], quote: str | None) -> Ordered:
    """The values are the same as in any order. It needs no conditions: in one order nothing can come twice."""
    fields, needs = _ENTRIES[kind]
    values, groups, pattern, last = dict(usual), dict[Column, int](), f"<{kind}>", 0
    for name in order:
        column, value = fields[name]
        groups[column] = last + 1
        if name in values:
            pattern += f"(?:<{name}>(?:{re.escape(values[name])}|{value})</{name}>|())"
            last += 2
            continue
        if column is Column.ETAG and quote is None:
            groups[column], last = last + 2, last + 1
            value = value.replace(f"\\{Column.QUOTE}", f"\\{last}")
        elif column is Column.ETAG:
            value = f"{quote}({_PLAIN}){quote}"
        elif column is Column.MODIFIED:
            value = "([0-9TZ:.-]*+)"  # looked at more closely where all of them are together
        last += 1
        element = f"<{name}>{value}</{name}>"
        pattern += element if name in needs else f"(?:{element}|)"
    return Ordered(re.compile(f"{pattern}</{kind}>"), groups, {fields[name][0]: value for name, value in usual})


_FEW_VALUED = ("ChecksumAlgorithm", "ChecksumType", "StorageClass")
_ETAG_QUOTE = re.compile(f"<ETag>{_QUOTE}")
_ENTRIES: dict[str, tuple[_Fields, tuple[str, ...]]] = {
    "Contents": (_OBJECT_FIELDS, _OBJECT_NEEDS),
    "Version": (_VERSION_FIELDS, _VERSION_NEEDS),
}
_TAG = re.compile("<([A-Za-z]+)>")
_USUAL_ORDER = (
    *("Key", "VersionId", "IsLatest", "LastModified", "ETag", "ChecksumAlgorithm", "ChecksumType", "Size"),
    *("StorageClass", "RestoreStatus", "Owner"),
)
"""That of AWS."""

SELF_CLOSED = re.compile(r"<([A-Za-z]+) ?/>")
NUMBER = re.compile("[0-9]{1,18}")
TIME = re.compile(_TIME)


class Form(NamedTuple):
    """What one of the two kinds of listing is made of. The pattern of an entry is compiled where it is needed."""

    root: bytes
    versions: bool
    openings: tuple[bytes, ...]
    closings: tuple[bytes, ...]
    entry: str
    beside: re.Pattern[str]


def _beside_pattern(*names: str) -> re.Pattern[str]:
    """One element beside the entries: a known leaf, or a common prefix."""
    common = "Name Prefix Delimiter MaxKeys IsTruncated EncodingType"
    leaf = rf"({'|'.join((*common.split(), *names))})>([^<]*+)</\1>"
    return re.compile(rf"<(?:{leaf}|CommonPrefixes><Prefix>([^<]*+)</Prefix></CommonPrefixes>)")


_OBJECTS = Form(
    b"ListBucketResult",
    versions=False,
    openings=(b"<Contents>",),
    closings=(b"</Contents>",),
    entry=_CONTENTS,
    beside=_beside_pattern("KeyCount", "ContinuationToken", "NextContinuationToken", "StartAfter"),
)
_VERSIONS = Form(
    b"ListVersionsResult",
    versions=True,
    openings=(b"<Version>", b"<DeleteMarker>"),
    closings=(b"</Version>", b"</DeleteMarker>"),
    entry=_VERSION,
    beside=_beside_pattern("KeyMarker", "VersionIdMarker", "NextKeyMarker", "NextVersionIdMarker"),
)
FORMS = {form.root: form for form in (_OBJECTS, _VERSIONS)}

START = re.compile(
    rb"""(?:<\?xml[ ]version=(["'])1\.0\1[ ]encoding=(["'])(?:UTF|utf)-8\2[ ]?\?>[ \t\r\n]*+)?"""
    rb"""<(?P<root>ListBucketResult|ListVersionsResult)"""
    rb"""(?:[ ]xmlns="http://(?:s3\.amazonaws\.com/doc/2006-03-01/?|doc\.s3\.amazonaws\.com/2006-03-01)")?>"""
)
