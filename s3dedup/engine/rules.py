"""Learns, bucket by bucket, what ETags mean there, from a few objects, before any ETag is believed.

On AWS the rules are documented: what is open is encryption, so the bucket's default is read and a few candidates are
asked (HEAD) whether they keep to it. On any other endpoint a few candidates are also read and hashed: that shows
whether their ETags are what AWS's rules say. Servers exist whose 32 hex digits come from size and time, or from SHA-1.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

from s3dedup.engine.context import Context
from s3dedup.engine.pool import Job, Task
from s3dedup.errors import ObjectError
from s3dedup.evidence import Form, Layout, read_etag
from s3dedup.hashing import etag_of_bytes
from s3dedup.model import Encryption, EtagTrust, HeadFacts, ListedObject
from s3dedup.shelf import ETAG, SOURCE, BucketRule, Entry, rule_key
from s3dedup.store import ObjectStore
from s3dedup.text import human_bytes, human_count

SAMPLES = 8
"""Candidates of one bucket that are asked for their encryption."""
READS = {Form.HEX: 2, Form.MULTIPART: 1}
"""Candidates of one bucket that calibration reads, by form of ETag; as many again of those that claim a twin."""
LARGEST_READ = 64 << 20
"""Calibration reads no object larger than this (bytes): without a smaller one ETags stay unproven, and are not used."""
MAX_AGE = 7 * 24 * 3600.0
"""A rule is learnt anew after this many seconds: a bucket's default encryption can change."""
CROWD = 64
"""Of more objects of one size than this, only so many are offered as samples."""
PROVABLE = {Form.HEX: "single-part", Form.MULTIPART: "multipart"}
UNENCRYPTED = frozenset({Encryption.NONE, Encryption.SSE_S3})


@dataclass(slots=True)
class Samples:
    """Candidates of one bucket, as entries. `asked` is a fair sample of all; `read` are small ones by form of ETag,
    `twins` small ones that share size and ETag with another.
    """

    asked: list[bytes] = field(default_factory=list)
    seen: int = 0
    read: dict[int, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    twins: dict[int, list[bytes]] = field(default_factory=lambda: defaultdict(list))

    def forms(self) -> frozenset[int]:
        """The forms of ETag that occur."""
        return frozenset(self.read)


@dataclass(slots=True)
class Candidates:
    """The objects that share their size with another: how many, their bytes, and samples of them by bucket."""

    objects: int = 0
    bytes: int = 0
    samples: dict[str, Samples] = field(default_factory=lambda: defaultdict(Samples))


def narrow(context: Context) -> Candidates:
    """Count the objects that share their size with another, and take samples of them by bucket."""
    context.watch.stage("Grouping by size")
    found = Candidates()
    chance = random.Random(0)  # noqa: S311  a sample, not a secret
    for size, entries in context.state.listed.by_size():
        found.objects += len(entries)
        found.bytes += size * len(entries)
        some = entries if len(entries) <= CROWD else sorted(chance.sample(entries, CROWD))
        for before, entry in zip([b"", *some], some, strict=False):
            bucket = context.bucket(int.from_bytes(entry[SOURCE]))
            twin = before[ETAG] == entry[ETAG]
            _sample(found.samples[bucket], Entry.unpack(entry), entry, chance, twin=twin)
    candidates = human_count(found.objects, "candidate")
    context.watch.line(f"{candidates} ({human_bytes(found.bytes)}) after grouping by size")
    return found


def _sample(samples: Samples, parts: Entry, entry: bytes, chance: random.Random, *, twin: bool) -> None:
    """Offer a candidate. Sizes come in ascending order, so the first ones are the cheapest to read."""
    samples.seen += 1
    if len(samples.asked) < SAMPLES:
        samples.asked.append(entry)
    elif (place := chance.randrange(samples.seen)) < SAMPLES:
        samples.asked[place] = entry
    wanted = (samples.twins if twin else samples.read)[parts.form]
    if parts.size <= LARGEST_READ and len(wanted) < READS.get(Form(parts.form), 0):
        wanted.append(entry)


def learn(context: Context, candidates: Candidates) -> dict[str, BucketRule]:
    """The rule of each bucket that has candidates: remembered, or learnt now and kept."""
    if context.etag_trust is not EtagTrust.AUTO:
        return {}
    context.watch.stage("Checking what ETags mean", objects=len(candidates.samples))
    jobs = (_Learner(context, bucket, found).job() for bucket, found in candidates.samples.items())
    rules = dict(context.pool.drive(jobs))
    context.notes.extend(rules[bucket].note for bucket in sorted(rules))
    for note in context.notes:
        context.watch.line(note)
    return rules


class _Learner:
    """Learns the rule of one bucket."""

    def __init__(self, context: Context, bucket: str, samples: Samples) -> None:
        self._context = context
        self._bucket = bucket
        self._samples = samples
        self._default: Encryption | None = None
        self._heads: dict[bytes, HeadFacts] = {}
        self._right: dict[int, list[bool]] = defaultdict(list)

    def job(self) -> Job[tuple[str, BucketRule]]:
        rule_of, key = self._context.state.rules, rule_key(self._context.store.endpoint, self._bucket)
        rule = rule_of.get(key)
        if rule is None or rule.learnt < time.time() - MAX_AGE or not self._samples.forms() <= set(rule.forms):
            yield [Task(lambda: self._context.store.default_encryption(self._bucket), self._set_default)]
            yield from self._each(self._samples.asked, self._head)
            if not self._context.store.trusted_endpoint:
                yield from self._each(self._to_read(), self._read)
            rule_of[key] = rule = self._rule()
        self._context.watch.advance(1)
        return self._bucket, rule

    def _set_default(self, default: Encryption | None) -> None:
        self._default = default

    def _to_read(self) -> list[bytes]:
        chosen = (*self._samples.read.values(), *self._samples.twins.values())
        return [entry for entries in chosen for entry in entries]

    def _each(
        self, entries: list[bytes], make: Callable[[bytes, ListedObject], Task[Any]]
    ) -> Generator[list[Task[Any]], None, None]:
        if entries:
            yield [make(entry, self._context.state.listed.row(entry)) for entry in entries]

    def _head(self, entry: bytes, row: ListedObject) -> Task[HeadFacts]:
        layout = read_etag(row.etag).form is Form.MULTIPART
        return Task(
            lambda: self._context.store.head(self._bucket, row, layout=layout),
            lambda facts: self._heads.update({entry: facts}),
            _unknown,
        )

    def _read(self, entry: bytes, row: ListedObject) -> Task[bool]:
        form = Entry.unpack(entry).form
        return Task(
            lambda: _etag_is_right(self._context.store, self._bucket, row),
            self._right[form].append,
            _unknown,
        )

    def _rule(self) -> BucketRule:
        """Put together what was learnt; an object that could not be had proves nothing."""
        proven = {form: self._context.store.trusted_endpoint or _all_right(self._right[form]) for form in PROVABLE}
        kept = self._heads and all(facts.encryption in UNENCRYPTED for facts in self._heads.values())
        encryption = self._default if kept and self._default in UNENCRYPTED else None
        forms = sorted(self._samples.forms())
        note = f"s3://{self._bucket}: {'; '.join(self._sentences(encryption, proven))}."
        return BucketRule(encryption, proven[Form.HEX], proven[Form.MULTIPART], forms, time.time(), note)

    def _sentences(self, encryption: Encryption | None, proven: dict[Form, bool]) -> Iterator[str]:
        for form in sorted(self._samples.forms() & set(PROVABLE)):
            name, calibrated = PROVABLE[Form(form)], len(self._right[form])
            if self._context.store.trusted_endpoint:
                yield f"{name} ETags follow AWS's rules"
            elif proven[Form(form)]:
                yield f"{name} ETags proven by reading {human_count(calibrated, 'object')}"
            else:
                yield f"{name} ETags not trusted ({'calibration failed' if calibrated else 'none could be read'})"
        asked = human_count(len(self._heads), "object")
        if encryption is None:
            yield "each candidate is asked for its encryption"
        else:
            yield f"default encryption {encryption.value}, confirmed by {asked}"


def _all_right(answers: list[bool]) -> bool:
    return bool(answers) and all(answers)


def _unknown(_: ObjectError) -> None:
    """What could not be had proves nothing."""


def _etag_is_right(store: ObjectStore, bucket: str, row: ListedObject) -> bool:
    """Read an object and say whether its ETag is the one that AWS's rules give its bytes."""
    if read_etag(row.etag).form is Form.HEX:
        return etag_of_bytes(store, bucket, row, None) == row.etag.lower()
    facts = store.head(bucket, row, layout=True)
    layout = Layout.of(row.size, facts.first_part, facts.parts)
    return layout is not None and etag_of_bytes(store, bucket, row, layout.part_size) == row.etag.lower()
