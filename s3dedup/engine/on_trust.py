"""Counts the objects that could hide a duplicate, because what tells them from others is taken on trust."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from s3dedup.engine.memory import Recalled
from s3dedup.evidence import Cluster, on_assumed_layout
from s3dedup.groups import Placed
from s3dedup.shelf import ObjectFacts
from s3dedup.text import human_count


@dataclass(slots=True)
class OnTrust:
    """How many objects of what was compared were told from the others `by_rule` of their bucket, or `by_layout`.

    `buckets` are those whose encryption only a sample speaks for; `asked` are the entries that were asked themselves.
    """

    buckets: set[str] = field(default_factory=set)
    asked: set[bytes] = field(default_factory=set)
    by_rule: int = 0
    by_layout: int = 0

    def add(self, clusters: Sequence[tuple[Cluster, Sequence[Recalled]]], open_: frozenset[int]) -> None:
        """Count objects of one size, in all its clusters; the `open_` ones, by position, are counted later."""
        assumed = on_assumed_layout([each.evidence for each, _ in clusters])
        for position, (each, members) in enumerate(clusters):
            if position in open_:
                continue
            self.by_layout += len(members) if position in assumed else 0
            alone = len(members) == 1 and not each.evidence.read
            self.by_rule += alone and self._rests_on_rule(*members[0])

    def _rests_on_rule(self, placed: Placed, facts: ObjectFacts) -> bool:
        return placed[0] in self.buckets and facts.head is None

    def notes(self) -> Iterator[str]:
        """As the report says it."""
        if self.by_rule:
            yield (
                f"{human_count(self.by_rule, 'object')} shared the size of others, but no ETag, and were not asked for"
                " their encryption, which a sample of their bucket speaks for: if one of them is under a key (SSE-KMS,"
                " SSE-C), a duplicate of it is missed. --etag-trust never reads instead."
            )
        if self.by_layout:
            yield (
                f"{human_count(self.by_layout, 'object')} were told from others by ETags of five or more parts, of"
                " which the first and the last lie as even ones would: if those between do not, a duplicate is missed."
                " --etag-trust never reads instead."
            )
