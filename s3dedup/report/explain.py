"""Why an object is, or is not, a duplicate: in words, or as JSON.

Texts of an `Explanation` are hostile; each is escaped where it is put into a sentence. Names of objects stand on lines
of their own, which are not wrapped, so that they can be copied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from textwrap import wrap
from typing import TextIO

from s3dedup.evidence import Verdict
from s3dedup.explanation import Contrast, Explanation, Live, Membership, ObjectExplained, PairExplained, Role, Unsettled
from s3dedup.model import ObjectVersion, RunInfo, SkipReason
from s3dedup.report.explain_words import compared, etag, read, settling, space_name
from s3dedup.report.records import json_text, record
from s3dedup.report.runs import write_lines
from s3dedup.report.words import MEANING
from s3dedup.text import human_count, plain

SCHEMA = "s3dedup/explain/1"
EXPLAIN_FORMATS = ("text", "json")
WIDTH = 80
LABEL = 11
"""Columns of the name of a step."""

Lines = Iterator[str]
"""Sentences and names of objects."""


class _Name(str):
    """The name of an object, escaped, with a remark."""

    __slots__ = ()


def render_explanation(found: Explanation, format: str, stream: TextIO) -> None:  # noqa: A002  the contract's word
    """Write an explanation in one of `EXPLAIN_FORMATS`."""
    if format == "json":
        fields = {"schema": SCHEMA} | record(found)
        stream.write("{" + ",\n ".join(f'"{name}": {json_text(value)}' for name, value in fields.items()) + "}\n")
    else:
        write_lines(stream, _page(found))


def _page(found: Explanation) -> Iterator[str]:
    for each in found.objects:
        yield plain(each.object.uri)
        for label, step in _STEPS if found.pair is None else _SHORT:
            yield from _laid_out(label, step(each, found.run))
        yield ""
    if found.pair is not None:
        yield "Both together"
        yield from _laid_out("Compared", _comparison(found.pair))


def _laid_out(label: str, lines: Iterable[str]) -> Iterator[str]:
    """A step below its name; sentences are wrapped, names of objects are not."""
    shown = [part for line in lines for part in _parted(line)]
    for number, line in enumerate(shown):
        yield f"  {label if number == 0 else '':{LABEL}}{line}"


def _parted(line: str) -> list[str]:
    if isinstance(line, _Name):
        return [f"  {line}"]
    return wrap(line, WIDTH - LABEL - 2, break_long_words=False, break_on_hyphens=False)


def _name(item: ObjectVersion, remark: str = "") -> str:
    return _Name(f"{plain(item.uri)}{remark}")


def _listed(each: ObjectExplained, run: RunInfo) -> Lines:
    item = each.object
    yield (
        f"By audit {plain(run.id[:8])}, which began {run.started:%Y-%m-%d %H:%M} UTC and was finished"
        f" {run.finished:%Y-%m-%d %H:%M} UTC."
    )
    size = human_count(item.size, "byte")
    yield (
        f"{size}, {plain(item.storage_class)}, last modified"
        f" {item.last_modified:%Y-%m-%d %H:%M:%S} UTC, ETag {plain(item.etag) or 'none'}."
    )


def _size(each: ObjectExplained, _: RunInfo) -> Lines:
    """Candidates.

    | size | others | it says |
    |---|---|---|
    | 0 | - | never grouped |
    | some | none | nothing was asked |
    | some | some | how many |
    """
    if not each.object.size:
        yield "It is empty. Empty objects are counted, and never grouped."
    elif not each.same_size:
        yield "No other object that was listed has this size, so it has no twin and nothing was asked."
    else:
        have = "has" if each.same_size == 1 else "have"
        yield f"{human_count(each.same_size, 'other object')} {have} this size."


def _etag(each: ObjectExplained, _: RunInfo) -> Lines:
    return etag(each)


def _meaning(each: ObjectExplained, _: RunInfo) -> Lines:
    return islice(etag(each), 1)


def _read(each: ObjectExplained, _: RunInfo) -> Lines:
    return read(each)


def _outcome(each: ObjectExplained, run: RunInfo) -> Lines:
    """What became of it, and how it stands against the others."""
    yield from _place(each, run)
    if each.contrast is not None:
        yield from _contrast(each.contrast)


def _place(each: ObjectExplained, _: RunInfo) -> Lines:
    """What became of it.

    | candidates | group | skipped | undecided against others | it says |
    |---|---|---|---|---|
    | none | - | - | - | no duplicate |
    | some | one | - | - | its place in the group |
    | some | none | yes | - | not compared, and why |
    | some | none | no | some | not decided |
    | some | none | no | none | no duplicate |
    """
    if each.group is not None:
        yield from _membership(each.group)
    elif each.skipped is not None:
        yield f"Not compared ({each.skipped.reason.value}): {plain(each.skipped.detail)}."
    elif each.contrast is not None and each.contrast.undecided:
        yield "In no group, and not decided against all others of its size."
    else:
        yield "Not a duplicate: no object that was listed is known to have the same content."


def _membership(group: Membership) -> Lines:
    """Which one of a group it is."""
    copies, stay = human_count(group.copies, "object"), "stays" if group.kept == 1 else "stay"
    yield f"A duplicate, {_ROLES[group.role]}. Group {plain(group.id)} has {copies}, of which {group.kept:,} {stay}."
    yield f"Evidence: {group.evidence.value}. {MEANING[group.evidence]}"
    yield "The other members:"
    yield from map(_name, group.others)
    more = group.copies - 1 - len(group.others)
    yield from [f"and {more:,} more."] if more else []


def _contrast(contrast: Contrast) -> Lines:
    for space, count in sorted(contrast.different.items()):
        have = "has" if count == 1 else "have"
        yield f"{human_count(count, 'other object')} of its size {have} other content, by {space_name(space)}."
    if contrast.undecided:
        yield f"{human_count(contrast.undecided, 'other object')} of its size could not be told apart from it:"
        yield from (_name(one.object, _why(one)) for one in contrast.examples)
        more = contrast.undecided - len(contrast.examples)
        yield from [f"and {more:,} more."] if more else []
    if contrast.not_looked_at:
        yield f"{human_count(contrast.not_looked_at, 'more object')} of its size were not looked at here."


def _why(one: Unsettled) -> str:
    return f" ({one.reason.value})" if one.reason else ""


def _live(each: ObjectExplained, _: RunInfo) -> Lines:
    if each.live is not None:
        yield _now(each.live)


def _now(live: Live) -> str:
    """What the store says.

    | reason | it says |
    |---|---|
    | none | still what was listed |
    | vanished | gone |
    | changed | another |
    | any other | what kept it from telling |
    """
    if live.reason is None:
        return f"It is still the one that was listed ({plain(live.detail)})."
    if live.reason is SkipReason.VANISHED:
        return "It is gone: audit again."
    if live.reason is SkipReason.CHANGED:
        return "It is no longer the one that was listed: audit again."
    return f"The store does not tell ({live.reason.value}): {plain(live.detail)}."


_STEPS: tuple[tuple[str, Callable[[ObjectExplained, RunInfo], Lines]], ...] = (
    ("Listed", _listed),
    ("Size", _size),
    ("ETag", _etag),
    ("Read", _read),
    ("Outcome", _outcome),
    ("Now", _live),
)
_SHORT = (("Listed", _listed), ("ETag", _meaning), ("Outcome", _place), ("Now", _live))
"""For each of a pair."""


def _comparison(pair: PairExplained) -> Lines:
    """A pair.

    | sizes | verdict | it says |
    |---|---|---|
    | unequal | different | that |
    | equal | any | each space that both have a value in, and what follows |
    """
    if not pair.same_size:
        yield "Different: their sizes differ."
        return
    for each in pair.spaces:
        yield compared(each)
        yield from (_name(holder) for holder in each.holders)
    if pair.through is not None:
        yield "Both are known to be the same as a third one:"
        yield _name(pair.through)
    yield _VERDICTS[pair.verdict]
    for able in pair.settle:
        yield settling(able)
        yield _name(able.object)
    if pair.verdict is Verdict.UNDECIDED and not pair.settle:
        yield "What would settle it cannot be read: why is said above."


_ROLES = {Role.KEEPER: "the keeper", Role.PROTECTED: "protected, so it stays", Role.REDUNDANT: "redundant"}
_VERDICTS = {
    Verdict.SAME: "So they have the same content.",
    Verdict.DIFFERENT: "So they have different contents.",
    Verdict.UNDECIDED: "So it is undecided: nothing that is known of both proves anything.",
}
