"""One page of a listing as columns, read from the bytes of the response.

botocore parses every page twice and makes a dict and a datetime an object: 12,000 objects a second. Here two
regular expressions read a whole page, each in one `split`: the pieces between the matches are the bytes that
nobody accounted for, and a single such byte means that the page is not recognised. Then `parse_page` gives
None and the caller takes botocore's way, which ends in `parsed.page_from_parsed`. Both ways give the same
page; a guess is never an option.

The entries are tried in the order of their first one, which is quick, and then in any order. What makes the
recognition exact is said in `patterns`; the free texts (keys, prefixes, markers, tokens) are checked in `freetext`.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import compress, repeat
from typing import Any, NamedTuple, TypeVar

from s3dedup.listing.freetext import NotRecognisedError, decoded, unquoted
from s3dedup.listing.patterns import (
    FORMS,
    NEXT_ALGORITHM,
    NUMBER,
    ONGOING,
    SELF_CLOSED,
    START,
    TIME,
    Column,
    Form,
    ordered,
)

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
        return self._columns(lambda column: column[:count])

    def where(self, wanted: Sequence[bool]) -> Page:
        """The wanted objects of the page; there is one truth value for each object."""
        return self._columns(lambda column: list(compress(column, wanted)))

    def _columns(self, change: Callable[[list[Any]], list[Any]]) -> Page:
        """The page with changed columns."""
        columns = ("keys", "sizes", "etags", "storage_classes", "modified", "checksum_algorithms")
        changed: dict[str, Any] = {
            name: change(getattr(self, name)) for name in (*columns, "checksum_types", "restores")
        }
        versions = None if self.version_ids is None else change(self.version_ids)
        return replace(self, **changed, version_ids=versions)

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """The objects, each with the fields of a `ListedObject`."""
        return zip(
            self.keys,
            self.sizes,
            self.etags,
            self.storage_classes,
            self.modified,
            self.version_ids or repeat(None),
            self.checksum_algorithms,
            self.checksum_types,
            self.restores,
            strict=False,
        )


def parse_page(body: bytes) -> Page | None:
    """Read a ListObjectsV2 or ListObjectVersions response; None unless it is recognised to the last byte."""
    try:
        frame = _frame(body)
        return _page(frame, _columns(body[frame.rows].decode(), frame.form))
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

    form: Form
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
    start = START.match(body)
    if start is None:
        raise NotRecognisedError
    form = FORMS[start["root"]]
    end = _end(body, form)
    rows = _rows(body, form, start.end(), end)
    texts, common_prefixes = _beside((body[start.end() : rows.start], body[rows.stop : end]), form.beside)
    return _Frame(form, texts, common_prefixes, rows)


def _end(body: bytes, form: Form) -> int:
    """Where the root element is closed; only white space may follow."""
    closing = b"</%b>" % form.root
    end = body.rfind(closing)
    if end < 0 or body[end + len(closing) :].strip(b" \t\r\n"):
        raise NotRecognisedError
    return end


def _rows(body: bytes, form: Form, start: int, end: int) -> slice:
    """From the first entry's opening to the last one's closing."""
    first = min((at for tag in form.openings if (at := body.find(tag, start, end)) >= 0), default=end)
    last = max((at + len(tag) for tag in form.closings if (at := body.rfind(tag, first, end)) >= 0), default=first)
    return slice(first, last)


def _beside(parts: tuple[bytes, bytes], pattern: re.Pattern[str]) -> tuple[dict[str, str], list[str]]:
    """The elements before and after the entries, each at most once, and the common prefixes."""
    found = [match for part in parts for match in _groups(_accounted(pattern, part.decode()))]
    names = [name for name, _, _ in found if name is not None]
    texts = dict(zip(names, decoded([text for _, text, _ in found if text is not None]), strict=True))
    if len(texts) != len(names) or texts.get("IsTruncated") not in {"true", "false"}:
        raise NotRecognisedError
    if not all(NUMBER.fullmatch(texts.get(name, "0")) for name in ("MaxKeys", "KeyCount")):
        raise NotRecognisedError
    prefixes = [prefix for _, _, prefix in found if prefix is not None]
    return texts, decoded(prefixes, url=texts.get("EncodingType") == "url")


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
        pieces = pattern.split(SELF_CLOSED.sub(r"<\1></\1>", text))
    if any(pieces[::stride]):
        raise NotRecognisedError
    return pieces


_Columns = Callable[[Column], list[Any]]


def _columns(text: str, form: Form) -> _Columns:
    """The entries as columns, from the flat list that `split` gives; None where an element was absent."""
    return _in_one_order(text) or _in_any_order(text, form.entry)


def _in_one_order(text: str) -> _Columns | None:
    """Where the fields of all entries come in the order of the first one's; None where they do not."""
    found = ordered(text)
    if found is None:
        return None
    pieces = found.pattern.split(text)
    return None if any(pieces[:: found.pattern.groups + 1]) else found.columns(pieces)


def _in_any_order(text: str, entry: str) -> _Columns:
    pattern = re.compile(entry)
    pieces = _accounted(pattern, text)
    return lambda column: pieces[column :: pattern.groups + 1]


def _page(frame: _Frame, columns: _Columns) -> Page:
    """Check and convert the columns; delete markers are checked like the others and then left out."""
    every_key = decoded(columns(Column.KEY), url=frame.url_encoded)
    every_time = columns(Column.MODIFIED)
    _check_times(every_time)
    objects = columns(Column.OBJECT)
    kept = [mark is not None for mark in objects] if None in objects else None

    def rows(column: list[_T]) -> list[_T]:
        return column if kept is None else list(compress(column, kept))

    next_key_marker, next_version_id_marker = _markers(frame)
    return Page(
        keys=rows(every_key),
        sizes=list(map(int, rows(columns(Column.SIZE)))),
        etags=_absent_as_empty(rows(columns(Column.ETAG))),
        storage_classes=_each_once(rows(columns(Column.STORAGE_CLASS)), _storage_class),
        modified=rows(every_time),
        checksum_algorithms=_each_once(rows(columns(Column.ALGORITHMS)), _algorithms),
        checksum_types=_each_once(rows(columns(Column.CHECKSUM_TYPE)), _or_empty),
        restores=_each_once(rows(columns(Column.RESTORE)), _restore),
        version_ids=rows(columns(Column.VERSION_ID)) if frame.form.versions else None,
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
        (unquoted(marker) if frame.url_encoded else marker) or None,
        frame.texts.get("NextVersionIdMarker") or None,
    )


def _check_times(times: list[str]) -> None:
    """Refuse what is no time, or written in a way that S3 has not: where all are written like the first one, which is
    the rule, the signs between their digits are looked at column by column, and Python sees to the digits.
    """
    if not times:
        return
    width, joined = len(times[0]), "".join(times)
    signs = [(at, sign) for at, sign in enumerate(times[0]) if not sign.isdigit()]
    alike = set(map(len, times)) == {width} and all(joined[at::width] == sign * len(times) for at, sign in signs)
    if not all(map(TIME.fullmatch, times[:1] if alike else times)):
        raise NotRecognisedError
    deque(map(datetime.fromisoformat, times), maxlen=0)


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
    return (value or "").replace(NEXT_ALGORITHM, ",")


def _restore(value: str | None) -> str:
    """The inside of RestoreStatus as "ongoing", the timestamp of its end, or "" for neither."""
    status = value or ""
    expiry = status.partition("<RestoreExpiryDate>")[2].partition("<")[0]
    if expiry:
        datetime.fromisoformat(expiry)
    return "ongoing" if ONGOING in status else expiry
