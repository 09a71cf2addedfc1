"""Holds pairs that one ETag calls equal against each other, before any ETag of their bucket is believed.

Only an ETag that two objects share can make an audit wrong: where a server gives different contents one ETag, or has
several ways of making them, it shows in such pairs. So of each form of ETag in each bucket a fair sample of pairs is
looked at, of any size, and of each object of a pair no more than its ends (or all of it, if it is small).
"""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from itertools import chain

from s3dedup.engine.context import Context
from s3dedup.engine.entries import Pair
from s3dedup.engine.narrowing import Samples
from s3dedup.engine.pool import Job, Task
from s3dedup.engine.watch import log_read
from s3dedup.errors import ObjectError
from s3dedup.groups import Placed
from s3dedup.hashing import Grid, Range, Sweep, sweep_to
from s3dedup.shelf import FORM

EDGES = 2
"""The first ranges of a grid: the short ones at the beginning and at the end of an object."""

BucketForm = tuple[str, int]
"""A bucket, and a form of ETag."""


def hold_twins(context: Context, samples: dict[str, Samples]) -> dict[BucketForm, list[bool | None]]:
    """What came of the sampled pairs of each bucket, by form of ETag: whether their bytes agree, as far as was read;
    None where reading could not be paid. A pair that cannot be read says nothing.

    AWS's rules are documented: its buckets are only looked at where half of a pair is in another store.
    """
    elsewhere = [found for bucket, found in sorted(samples.items()) if not context.stores.is_aws(bucket)]
    pairs = dict.fromkeys(pair for found in elsewhere for drawn in found.pairs.values() for pair in drawn.items)
    unpaid = set(context.pool.drive(_ends(context, entry) for entry in dict.fromkeys(chain.from_iterable(pairs))))
    answers: dict[BucketForm, list[bool | None]] = defaultdict(list)
    for pair in pairs:
        agree = _agree(context, pair)
        if agree is not None or not unpaid.isdisjoint(pair):
            for bucket in {context.placed(entry)[0] for entry in pair}:
                answers[bucket, pair[0][FORM]].append(agree)
    return answers


def _agree(context: Context, pair: Pair) -> bool | None:
    """Whether two objects have the same bytes, as far as both were read; None where one was not."""
    one, other = (context.findings_in(context.facts(*context.placed(entry))).ranges for entry in pair)
    common = one.keys() & other.keys()
    return all(one[number] == other[number] for number in common) if common else None


def _ends(context: Context, entry: bytes) -> Job[bytes | None]:
    """Read what is not known of an object's ends; returns the entry where that could not be paid."""
    placed = context.placed(entry)
    grid, known = Grid(placed[1].size), context.findings_in(context.facts(*placed)).ranges
    wanted = [grid[number] for number in range(min(EDGES, len(grid))) if number not in known]
    expenses = [context.expense(placed, 1, stretch.stop - stretch.start) for stretch in wanted]
    if not context.budget.take(expenses):
        return entry
    if wanted:
        yield [_reading(context, entry, placed, grid, stretch) for stretch in wanted]
    return None


def _reading(context: Context, entry: bytes, placed: Placed, grid: Grid, stretch: Range) -> Task[None]:
    """Read a stretch; of all of an object also its MD5, which its ETag is held against later."""
    whole = ["md5"] if stretch == Range(0, grid.size) else []
    sweep = Sweep(grid, stretch.start, algorithm=context.digest, salt=context.state.salt, whole=whole)

    def learnt(_: None) -> None:
        log_read(*placed, stretch.start, stretch.stop, "it shares its ETag with another")
        facts = context.facts(*placed)
        found = context.findings_in(facts)
        found.add(sweep, grid.size)
        context.keep_findings(*placed, facts, found)

    def failed(error: ObjectError) -> None:
        log_read(*placed, stretch.start, stretch.stop, error)
        context.is_gone(entry, placed, error)

    return Task(partial(sweep_to, context.stores, *placed, sweep, stretch.stop), learnt, failed)
