"""One page of a listing as columns, read from the bytes of the response.

botocore parses every page twice and makes a dict and a datetime an object: 12,000 objects a second. Here two
regular expressions read a whole page, each in one `split`: the pieces between the matches are the bytes that
nobody accounted for, and a single such byte means that the page is not recognised. Then `parse_page` gives
None and the caller takes botocore's way, which ends in `parsed.page_from_parsed`. Both ways give the same
page; a guess is never an option.

What makes the recognition exact: text cannot contain `<`, so a tag that is found is a tag; the patterns know
every element by name and take it in any order but only once; values have narrow alphabets, so that no
illegal character, no unknown entity and no `]]>` can hide in them. The free texts (keys, prefixes, markers,
tokens) are checked by `_decoded`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import IntEnum
from functools import lru_cache
from itertools import compress
from typing import Any, NamedTuple, TypeVar

_T = TypeVar("_T")


@dataclass(slots=True)
class Page:
    """One page of a listing; `keys` to `restores` are columns, one item an object, in the order of the page.

    `etags` carry no quotes. `storage_classes` says STANDARD where nothing was sent. `modified` holds ISO
    timestamps with their zone, for `model.utc_from_iso`. `checksum_algorithms` are joined by commas; they,
    `checksum_types` and `restores` are "" where nothing was sent; `restores` is "ongoing" or the timestamp at
    which the restored copy expires. `version_ids` is None unless versions were listed. `entries` counts the
    delete markers too, which are no objects and have no row; `common_prefixes` come beside the objects when a
    delimiter was asked for.

    `truncated` without a token or marker to go on with is a fault of the server, for the caller to report.
    """

    keys: list[str]
    sizes: list[int]
    etags: list[str]
    storage_classes: list[str]
    modified: list[str]
    checksum_algorithms: list[str]
    checksum_types: list[str]
    restores: list[str]
    version_ids: list[str] | None
    entries: int
    truncated: bool
    next_token: str | None = None
    next_key_marker: str | None = None
    next_version_id_marker: str | None = None
    common_prefixes: list[str] = field(default_factory=list)

    def head(self, count: int) -> Page:
        """The first `count` objects of the page."""
        columns = ("keys", "sizes", "etags", "storage_classes", "modified", "checksum_algorithms")
        short = {name: getattr(self, name)[:count] for name in (*columns, "checksum_types", "restores")}
        versions = None if self.version_ids is None else self.version_ids[:count]
        return replace(self, **short, version_ids=versions)


class _NotRecognisedError(ValueError):
    """The page holds something this parser does not know; never leaves this module.

    It is a ValueError because that is what decoding and `fromisoformat` raise, too, for what is no page.
    """


# --- the patterns -------------------------------------------------------------------------------------------


class _Column(IntEnum):
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
_QUOTED = rf"""(&quot;|&#34;|&#x22;|"|)({_PLAIN})(?:\{_Column.QUOTE})"""
_NEXT_ALGORITHM = "</ChecksumAlgorithm><ChecksumAlgorithm>"
_ONGOING = "<IsRestoreInProgress>true</IsRestoreInProgress>"
_RESTORE = (
    rf"((?:{_ONGOING}|<IsRestoreInProgress>false</IsRestoreInProgress>)?"
    rf"(?:<RestoreExpiryDate>{_TIME}</RestoreExpiryDate>)?)"
)
_OWNER_ID = f"<ID>{_NAME}</ID>"
_OWNER_NAME = f"<DisplayName>{_NAME}</DisplayName>"
_OWNER = f"()(?:{_OWNER_NAME}{_OWNER_ID}|(?:{_OWNER_ID})?(?:{_OWNER_NAME})?)"


def _once(name: str, column: _Column, value: str) -> str:
    """An element that may come anywhere in its entry, but fails it when its column is already filled."""
    return f"{name}>(?({column:d}){_NEVER}){value}</{name}>"


def _present(*columns: _Column) -> str:
    """Matches nothing, and fails the entry when one of the columns is still empty."""
    return "".join(f"(?({column:d})|{_NEVER})" for column in columns)


_OBJECT_FIELDS = (
    _once("Key", _Column.KEY, "([^<]*+)"),
    _once("LastModified", _Column.MODIFIED, f"({_TIME})"),
    _once("ETag", _Column.ETAG, _QUOTED),
    _once("ChecksumAlgorithm", _Column.ALGORITHMS, f"({_PLAIN}(?:{_NEXT_ALGORITHM}{_PLAIN})*)"),
    _once("ChecksumType", _Column.CHECKSUM_TYPE, f"({_PLAIN})"),
    _once("Size", _Column.SIZE, "([0-9]{1,19})"),
    _once("StorageClass", _Column.STORAGE_CLASS, f"({_PLAIN})"),
    _once("RestoreStatus", _Column.RESTORE, _RESTORE),
    _once("Owner", _Column.OWNER, _OWNER),
    _once("Type", _Column.TYPE, f"(){_PLAIN}"),  # Ceph's own: Normal or Appendable
)
_VERSION_FIELDS = (
    *_OBJECT_FIELDS,
    _once("VersionId", _Column.VERSION_ID, f"({_PLAIN})"),
    _once("IsLatest", _Column.LATEST, "()(?:true|false)"),
)


def _entry(opening: str, fields: tuple[str, ...], closing: str) -> re.Pattern[str]:
    """A whole entry, its fields in any order: every server has its own, and it changes with the version."""
    return re.compile(f"{opening}(?:<(?:{'|'.join(fields)}))*{closing}")


_CONTENTS = _entry(
    "<Contents()>",
    _OBJECT_FIELDS,
    _present(_Column.KEY, _Column.MODIFIED, _Column.SIZE) + "</Contents>",
)
_VERSION = _entry(
    "<(?:Version()|DeleteMarker)>",
    _VERSION_FIELDS,
    _present(_Column.KEY, _Column.MODIFIED, _Column.VERSION_ID)
    + f"(?({_Column.OBJECT:d}){_present(_Column.SIZE)}</Version>|</DeleteMarker>)",
)

_SELF_CLOSED = re.compile(r"<([A-Za-z]+) ?/>")
_NUMBER = re.compile("[0-9]{1,18}")


class _Form(NamedTuple):
    """What one of the two kinds of listing is made of."""

    root: bytes
    versions: bool
    openings: tuple[bytes, ...]
    closings: tuple[bytes, ...]
    entry: re.Pattern[str]
    beside: re.Pattern[str]


def _beside_pattern(*names: str) -> re.Pattern[str]:
    """One element beside the entries: a known leaf, or a common prefix."""
    common = "Name Prefix Delimiter MaxKeys IsTruncated EncodingType"
    leaf = rf"({'|'.join((*common.split(), *names))})>([^<]*+)</\1>"
    return re.compile(rf"<(?:{leaf}|CommonPrefixes><Prefix>([^<]*+)</Prefix></CommonPrefixes>)")


_OBJECTS = _Form(
    b"ListBucketResult",
    versions=False,
    openings=(b"<Contents>",),
    closings=(b"</Contents>",),
    entry=_CONTENTS,
    beside=_beside_pattern("KeyCount", "ContinuationToken", "NextContinuationToken", "StartAfter"),
)
_VERSIONS = _Form(
    b"ListVersionsResult",
    versions=True,
    openings=(b"<Version>", b"<DeleteMarker>"),
    closings=(b"</Version>", b"</DeleteMarker>"),
    entry=_VERSION,
    beside=_beside_pattern("KeyMarker", "VersionIdMarker", "NextKeyMarker", "NextVersionIdMarker"),
)
_FORMS = {form.root: form for form in (_OBJECTS, _VERSIONS)}

_START = re.compile(
    rb"""(?:<\?xml[ ]version=(["'])1\.0\1[ ]encoding=(["'])(?:UTF|utf)-8\2[ ]?\?>[ \t\r\n]*+)?"""
    rb"""<(?P<root>ListBucketResult|ListVersionsResult)"""
    rb"""(?:[ ]xmlns="http://(?:s3\.amazonaws\.com/doc/2006-03-01/?|doc\.s3\.amazonaws\.com/2006-03-01)")?>"""
)


# --- the fast way -------------------------------------------------------------------------------------------


def parse_page(body: bytes) -> Page | None:
    """Read a ListObjectsV2 or ListObjectVersions response; None unless it is recognised to the last byte."""
    try:
        frame = _frame(body)
        return _page(frame, _columns(body[frame.rows].decode(), frame.form.entry))
    except ValueError:
        return None


def peek_token(body: bytes) -> tuple[bool, str | None] | None:
    """Whether a ListObjectsV2 response is truncated, and its continuation token, without reading the objects.

    So the next request can start before this page is parsed. None when the frame is not recognised; where
    `parse_page` gives a page, this gives that page's `truncated` and `next_token`, because both read the
    frame with the same code. Where `parse_page` then gives None, the token is as good as the response is.
    """
    try:
        frame = _frame(body)
    except ValueError:
        return None
    return None if frame.form.versions else (frame.truncated, frame.texts.get("NextContinuationToken") or None)


def peek_markers(body: bytes) -> tuple[bool, str | None, str | None] | None:
    """The same for ListObjectVersions: truncated or not, the next key marker, the next version id marker."""
    try:
        frame = _frame(body)
        return (frame.truncated, *_markers(frame)) if frame.form.versions else None
    except ValueError:
        return None


class _Frame(NamedTuple):
    """A page without its entries: `texts` by element name, and where the entries lie in the body."""

    form: _Form
    texts: dict[str, str]
    common_prefixes: list[str]
    rows: slice

    @property
    def truncated(self) -> bool:
        return self.texts["IsTruncated"] == "true"

    @property
    def url_encoded(self) -> bool:
        return self.texts.get("EncodingType") == "url"


def _frame(body: bytes) -> _Frame:
    """Find the entries and read what stands before and after them."""
    start = _START.match(body)
    if start is None:
        raise _NotRecognisedError
    form = _FORMS[start["root"]]
    end = _end(body, form)
    rows = _rows(body, form, start.end(), end)
    texts, common_prefixes = _beside((body[start.end() : rows.start], body[rows.stop : end]), form.beside)
    return _Frame(form, texts, common_prefixes, rows)


def _end(body: bytes, form: _Form) -> int:
    """Where the root element is closed; only white space may follow."""
    closing = b"</%b>" % form.root
    end = body.rfind(closing)
    if end < 0 or body[end + len(closing) :].strip(b" \t\r\n"):
        raise _NotRecognisedError
    return end


def _rows(body: bytes, form: _Form, start: int, end: int) -> slice:
    """From the first entry's opening to the last one's closing."""
    first = min((at for tag in form.openings if (at := body.find(tag, start, end)) >= 0), default=end)
    last = max((at + len(tag) for tag in form.closings if (at := body.rfind(tag, first, end)) >= 0), default=first)
    return slice(first, last)


def _beside(parts: tuple[bytes, bytes], pattern: re.Pattern[str]) -> tuple[dict[str, str], list[str]]:
    """The elements before and after the entries, each at most once, and the common prefixes."""
    found = [match for part in parts for match in _groups(_accounted(pattern, part.decode()))]
    names = [name for name, _, _ in found if name is not None]
    texts = dict(zip(names, _decoded([text for _, text, _ in found if text is not None]), strict=True))
    if len(texts) != len(names) or texts.get("IsTruncated") not in {"true", "false"}:
        raise _NotRecognisedError
    if not all(_NUMBER.fullmatch(texts.get(name, "0")) for name in ("MaxKeys", "KeyCount")):
        raise _NotRecognisedError
    prefixes = [prefix for _, _, prefix in found if prefix is not None]
    return texts, _decoded(prefixes, url=texts.get("EncodingType") == "url")


def _groups(pieces: list[Any]) -> Iterator[tuple[str | None, str | None, str | None]]:
    return zip(pieces[1::4], pieces[2::4], pieces[3::4], strict=True)


def _accounted(pattern: re.Pattern[str], text: str) -> list[Any]:
    """Split `text` by `pattern`; the pieces between the matches must be empty.

    `<X/>` and `<X></X>` are the same thing. Rewriting one to the other costs a pass, so only a text that
    would be refused is rewritten.
    """
    stride = pattern.groups + 1
    pieces = pattern.split(text)
    if any(pieces[::stride]):
        pieces = pattern.split(_SELF_CLOSED.sub(r"<\1></\1>", text))
    if any(pieces[::stride]):
        raise _NotRecognisedError
    return pieces


_Columns = Callable[[_Column], list[Any]]


def _columns(text: str, pattern: re.Pattern[str]) -> _Columns:
    """The entries as columns, from the flat list that `split` gives; None where an element was absent."""
    pieces = _accounted(pattern, text)
    return lambda column: pieces[column :: pattern.groups + 1]


def _page(frame: _Frame, columns: _Columns) -> Page:
    """Check and convert the columns; delete markers are checked like the others and then left out."""
    every_key = _decoded(columns(_Column.KEY), url=frame.url_encoded)
    every_time = columns(_Column.MODIFIED)
    _check_times(every_time)
    objects = columns(_Column.OBJECT)
    kept = [mark is not None for mark in objects] if None in objects else None

    def rows(column: list[_T]) -> list[_T]:
        return column if kept is None else list(compress(column, kept))

    next_key_marker, next_version_id_marker = _markers(frame)
    return Page(
        keys=rows(every_key),
        sizes=[int(size) for size in rows(columns(_Column.SIZE))],
        etags=_absent_as_empty(rows(columns(_Column.ETAG))),
        storage_classes=_each_once(rows(columns(_Column.STORAGE_CLASS)), _storage_class),
        modified=rows(every_time),
        checksum_algorithms=_each_once(rows(columns(_Column.ALGORITHMS)), _algorithms),
        checksum_types=_each_once(rows(columns(_Column.CHECKSUM_TYPE)), _or_empty),
        restores=_each_once(rows(columns(_Column.RESTORE)), _restore),
        version_ids=rows(columns(_Column.VERSION_ID)) if frame.form.versions else None,
        entries=len(objects),
        truncated=frame.truncated,
        next_token=frame.texts.get("NextContinuationToken") or None,
        next_key_marker=next_key_marker,
        next_version_id_marker=next_version_id_marker,
        common_prefixes=frame.common_prefixes,
    )


def _markers(frame: _Frame) -> tuple[str | None, str | None]:
    """The key marker is encoded like a key, the version id marker never (botocore.handlers)."""
    marker = frame.texts.get("NextKeyMarker", "")
    return (
        (_unquoted(marker) if frame.url_encoded else marker) or None,
        frame.texts.get("NextVersionIdMarker") or None,
    )


def _check_times(times: list[str]) -> None:
    """Refuse what has the form of a time and is none, such as 30 February; the pattern saw to the form."""
    for _ in map(datetime.fromisoformat, times):
        pass


def _each_once(column: list[Any], convert: Callable[[str | None], str]) -> list[str]:
    """Convert a column of few distinct values, each of them once; equal items share one string."""
    if not column:
        return []
    if column.count(column[0]) == len(column):
        return [convert(column[0])] * len(column)
    table = {value: convert(value) for value in set(column)}
    return [table[value] for value in column]


def _or_empty(value: str | None) -> str:
    return value or ""


def _absent_as_empty(column: list[Any]) -> list[str]:
    return [value or "" for value in column] if None in column else column


def _storage_class(value: str | None) -> str:
    return value or "STANDARD"


def _algorithms(value: str | None) -> str:
    return (value or "").replace(_NEXT_ALGORITHM, ",")


def _restore(value: str | None) -> str:
    """The inside of RestoreStatus as "ongoing", the timestamp of its end, or "" for neither."""
    status = value or ""
    expiry = status.partition("<RestoreExpiryDate>")[2].partition("<")[0]
    if expiry:
        datetime.fromisoformat(expiry)
    return "ongoing" if _ONGOING in status else expiry


# --- free text ----------------------------------------------------------------------------------------------

_BETWEEN = "\ud800"  # a lone surrogate: neither UTF-8 nor an entity nor a %-escape can bring one about
_ILLEGAL = re.compile(r"[\x00-\x1f\ufffe\uffff]|\]\]>")  # tab and newline are legal; parsers differ on them
_ENTITY = re.compile("&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));")
_XML_CHARACTERS = (
    range(0x20, 0xD800),
    range(0xE000, 0xFFFE),
    range(0x10000, 0x110000),
    (0x9, 0xA, 0xD),
)
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_ESCAPES = re.compile("((?:%[0-9A-Fa-f]{2})+)")


def _decoded(column: list[Any], *, url: bool = False) -> list[str]:
    """Resolve entities, and %-escapes with `url`; most columns need neither and come back as they are.

    Raises:
        ValueError: an XML parser would refuse the text, or read it in a way of its own.
    """
    joined = " ".join(column)
    harmless = joined.isascii() and joined.isprintable() and "]]>" not in joined
    if harmless and not ("&" in joined or (url and ("%" in joined or "+" in joined))):
        return column
    text = _BETWEEN.join(column)
    if not harmless and _ILLEGAL.search(text):
        raise _NotRecognisedError
    if "&" in text:
        text = _resolved(text)
    return (_unquoted(text) if url else text).split(_BETWEEN)


def _resolved(text: str) -> str:
    """Replace the entities; every ampersand must belong to one."""
    resolved, found = _ENTITY.subn(_character, text)
    if found != text.count("&"):
        raise _NotRecognisedError
    return resolved


def _character(entity: re.Match[str]) -> str:
    """What an entity stands for; only the characters that XML 1.0 has (https://www.w3.org/TR/xml/#charsets)."""
    name, decimal, hexadecimal = entity.groups()
    if name:
        return _NAMED[name]
    code = int(decimal) if decimal else int(hexadecimal, 16)
    if not any(code in block for block in _XML_CHARACTERS):
        raise _NotRecognisedError
    return chr(code)


def _unquoted(text: str) -> str:
    """`urllib.parse.unquote_plus`, which botocore uses, for a whole column at once."""
    pieces = _ESCAPES.split(text.replace("+", " "))
    pieces[1::2] = map(_unescaped, pieces[1::2])
    return "".join(pieces)


@lru_cache(maxsize=4096)
def _unescaped(run: str) -> str:
    """A run of %-escapes; keys of one bucket have the same few."""
    return bytes.fromhex(run.replace("%", "")).decode("utf-8", "replace")
