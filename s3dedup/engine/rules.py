"""Learns, bucket by bucket, what ETags mean there, from a few objects, before any ETag is believed.

On AWS the rules are documented: what is open is encryption, so the bucket's default is read and a few candidates are
asked (HEAD) whether they keep to it. On any other endpoint a few candidates are also read and hashed: that shows
whether their ETags are what AWS's rules say. Servers exist whose 32 hex digits come from size and time, or from SHA-1.
The default is remembered for some days; what ETags are is held against what is there now, each time, and only the
reading is spared by what is known of the same objects from earlier.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import msgspec

from s3dedup.engine.context import Context
from s3dedup.engine.narrowing import Candidates, Samples
from s3dedup.engine.pool import Job, Task
from s3dedup.engine.twins import BucketForm, hold_twins
from s3dedup.engine.watch import log_head, log_read
from s3dedup.errors import ObjectError
from s3dedup.evidence import Form, Layout, read_etag
from s3dedup.hashing import Findings, Grid, Sweep, sweep_to
from s3dedup.model import Encryption, EtagTrust, HeadFacts, ListedObject
from s3dedup.shelf import BucketRule, Entry, ObjectFacts
from s3dedup.text import human_count

MAX_AGE = 7 * 24 * 3600.0
"""A rule is learnt anew after this many seconds: a bucket's default encryption can change."""
UNKNOWN = BucketRule(None, hex_proven=False, multipart_proven=False, learnt=0.0, note="")
PROVABLE = {Form.HEX: "single-part", Form.MULTIPART: "multipart"}
SAMPLES = 8
"""Candidates of one bucket that are asked for their encryption, at least."""
MOST_SAMPLES = 32
"""And at most, where they are of many months."""
UNENCRYPTED = frozenset({Encryption.NONE, Encryption.SSE_S3})


def learn(context: Context, candidates: Candidates) -> dict[str, BucketRule]:
    """The rule of each bucket that has candidates, kept for who asks later."""
    if context.etag_trust is not EtagTrust.AUTO:
        return {}
    context.watch.stage("Checking what ETags mean", objects=len(candidates.samples))
    held = hold_twins(context, candidates.samples)
    jobs = (_Learner(context, bucket, found, held).job() for bucket, found in candidates.samples.items())
    rules = dict(context.pool.drive(jobs))
    context.notes.extend(rules[bucket].note for bucket in sorted(rules))
    for note in context.notes:
        context.watch.line(note)
    return rules


def to_ask(rows: Sequence[ListedObject]) -> list[int]:
    """Which of a fair sample are asked for their encryption, by position: the first ones, and the first one of each
    month and manner of upload that is not among them (what a default was for a while, or one writer does).
    """
    seen: set[tuple[str, str, str]] = set()
    asked: list[int] = []
    for index, row in enumerate(rows):
        kind = row.modified[: len("2026-01")], row.checksum_algorithms, row.checksum_type
        if index < SAMPLES or (kind not in seen and len(asked) < MOST_SAMPLES):
            asked.append(index)
        seen.add(kind)
    return asked


class _Learner:
    """Learns the rule of one bucket."""

    def __init__(
        self, context: Context, bucket: str, samples: Samples, held: Mapping[BucketForm, list[bool | None]]
    ) -> None:
        self._context = context
        self._bucket = bucket
        self._samples = samples
        self._held = {form: held.get((bucket, form), []) for form in PROVABLE}
        self._is_aws = context.stores.is_aws(bucket)
        self._default: Encryption | None = None
        self._heads: dict[bytes, HeadFacts] = {}
        self._refused = False
        self._right: dict[int, list[bool]] = defaultdict(list)
        self._refused_forms: set[int] = set()
        self._curtailed = False

    def job(self) -> Job[tuple[str, BucketRule]]:
        rule_of, key = self._context.state.rules, self._context.rule_key(self._bucket)
        rule = rule_of.get(key)
        if rule is None or rule.learnt < time.time() - MAX_AGE:
            rule = UNKNOWN
        if rule is UNKNOWN or rule.encryption is not None:
            yield from self._each(self._not_yet_asked(), self._head)
        if rule is UNKNOWN or (rule.encryption is not None and not self._confirmed()):
            yield [Task(lambda: self._context.stores.default_encryption(self._bucket), self._set_default)]
            rule = msgspec.structs.replace(UNKNOWN, encryption=self._confirmed_default(), learnt=time.time())
        if not self._is_aws:
            yield from self._each(self._not_yet_read(), self._read)
        rule = self._rule(rule.encryption, rule.learnt)
        if not self._curtailed and all(self._right[form] for form in self._refused_forms):
            rule_of[key] = rule  # what a budget, or a refusal, kept from being looked at may be different
        self._context.watch.advance(1)
        if rule.encryption is not None:
            self._context.on_trust.buckets.add(self._bucket)
            self._context.on_trust.asked.update(self._heads)
        return self._bucket, rule

    def _set_default(self, default: Encryption | None) -> None:
        self._default = default

    def _not_yet_asked(self) -> list[bytes]:
        """Those of the sample whose encryption is not known from an earlier run. What was added since may be encrypted
        in another way, so that a remembered rule, too, must be confirmed by what is there now.
        """
        drawn = self._samples.drawn.items
        rows = [self._context.state.listed.row(entry) for entry in drawn]
        for index in to_ask(rows):
            head = self._context.facts(self._bucket, rows[index]).head
            if head is not None:
                self._heads[drawn[index]] = head
        return [drawn[index] for index in to_ask(rows) if drawn[index] not in self._heads]

    def _confirmed(self) -> bool:
        """Whether all of the sample keep to a default that leaves ETags readable."""
        return not self._refused and all(facts.encryption in UNENCRYPTED for facts in self._heads.values())

    def _confirmed_default(self) -> Encryption | None:
        return self._default if self._default in UNENCRYPTED and self._heads and self._confirmed() else None

    def _not_yet_read(self) -> list[bytes]:
        """Those of the sample of which it is not known yet whether their ETag is right. Of small pairs it is."""
        chosen = [
            entry
            for samples in (self._samples.read, self._samples.twins)
            for each in samples.values()
            for entry in each
        ]
        paired = [entry for drawn in self._samples.pairs.values() for pair in drawn.items for entry in pair]
        wanted: list[bytes] = []
        for entry in dict.fromkeys([*chosen, *paired]):
            bucket, row = self._context.placed(entry)
            right = _is_right(row, self._context.facts(bucket, row)) if bucket == self._bucket else None
            if right is not None:
                self._right[Entry.unpack(entry).form].append(right)
            elif entry in chosen:
                wanted.append(entry)
        return wanted

    def _each(
        self, entries: list[bytes], make: Callable[[bytes, ListedObject], Task[Any]]
    ) -> Generator[list[Task[Any]], None, None]:
        """Those of the tasks that the budget allows."""
        rows = [(entry, self._context.state.listed.row(entry)) for entry in entries]
        tasks = [make(entry, row) for entry, row in rows if self._affordable(row, read=make == self._read)]
        if tasks:
            yield tasks

    def _affordable(self, row: ListedObject, *, read: bool) -> bool:
        size, requests = (row.size, 1 + (read_etag(row.etag).form is Form.MULTIPART)) if read else (0, 1)
        granted = self._context.budget.take([self._context.expense((self._bucket, row), requests, size)])
        self._curtailed |= not granted
        return granted

    def _head(self, entry: bytes, row: ListedObject) -> Task[HeadFacts]:
        layout = read_etag(row.etag).form is Form.MULTIPART
        return Task(
            lambda: self._context.stores.head(self._bucket, row, layout=layout),
            partial(self._asked, entry, row),
            partial(self._refuses, entry, row),
        )

    def _asked(self, entry: bytes, row: ListedObject, head: HeadFacts) -> None:
        log_head(self._bucket, row, head)
        self._heads[entry] = head
        facts = msgspec.structs.replace(self._context.facts(self._bucket, row), head=head)
        self._context.keep(self._bucket, row, facts)

    def _refuses(self, entry: bytes, row: ListedObject, error: ObjectError) -> None:
        """What is gone proves nothing; what may not be asked may be encrypted in any way (an object under a customer's
        key refuses a HEAD without it: API_HeadObject), so the bucket's default is not confirmed.
        """
        log_head(self._bucket, row, error)
        self._refused |= not self._context.is_gone(entry, (self._bucket, row), error)

    def _read(self, entry: bytes, row: ListedObject) -> Task[Calibration]:
        head = self._context.facts(self._bucket, row).head
        return Task(
            partial(calibrate, self._context, self._bucket, row, head),
            partial(self._calibrated, Entry.unpack(entry).form, row),
            partial(self._unread, entry, row),
        )

    def _unread(self, entry: bytes, row: ListedObject, error: ObjectError) -> None:
        log_read(self._bucket, row, 0, row.size, error)
        if not self._context.is_gone(entry, (self._bucket, row), error):
            self._refused_forms.add(Entry.unpack(entry).form)

    def _calibrated(self, form: int, row: ListedObject, found: Calibration) -> None:
        """The bytes count for the comparison, too, whatever the ETag is."""
        facts = self._context.facts(self._bucket, row)
        known = self._context.findings_in(facts)
        known.add(found.findings, row.size)
        facts = msgspec.structs.replace(facts, head=found.head)
        facts = self._context.keep_findings(self._bucket, row, facts, known)
        right = bool(_is_right(row, facts))
        log_read(self._bucket, row, 0, row.size, f"its ETag is {'' if right else 'not '}what AWS's rules say")
        self._right[form].append(right)

    def _rule(self, encryption: Encryption | None, learnt: float) -> BucketRule:
        """Put together what was learnt; an object that could not be had proves nothing."""
        proven = {form: self._is_aws or self._proven(form) for form in PROVABLE}
        note = f"s3://{self._bucket}: {'; '.join(self._sentences(encryption, proven))}."
        return BucketRule(encryption, proven[Form.HEX], proven[Form.MULTIPART], learnt, note)

    def _proven(self, form: int) -> bool:
        """Whether ETags of a form were what AWS's rules say wherever bytes were hashed, and the bytes of pairs agree.

        | hashed     | pairs                            | proven |
        |------------|----------------------------------|--------|
        | none       | any                              | no     |
        | one wrong  | any                              | no     |
        | all right  | one does not agree, or is unpaid | no     |
        | all right  | all agree, or there are none     | yes    |
        """
        return bool(self._right[form]) and all(self._right[form]) and all(self._held[Form(form)])

    def _provable(self) -> list[int]:
        """The forms of ETag that occur and that reading can prove."""
        return sorted(self._samples.forms() & set(PROVABLE))

    def _sentences(self, encryption: Encryption | None, proven: dict[Form, bool]) -> Iterator[str]:
        for form in self._provable():
            name, right, held = PROVABLE[Form(form)], self._right[form], self._held[Form(form)]
            if self._is_aws:
                yield f"{name} ETags follow AWS's rules"
            elif proven[Form(form)]:
                more = f" and by {human_count(len(held), 'pair')} of equal ETags" if held else ""
                yield f"{name} ETags proven by reading {human_count(len(right), 'object')}{more}"
            else:
                failed = False in right or False in held
                yield f"{name} ETags not trusted ({'calibration failed' if failed else 'too few could be read'})"
        asked = human_count(len(self._heads), "object")
        if encryption is None:
            yield "each candidate is asked for its encryption"
        else:
            yield f"default encryption {encryption.value}, confirmed by {asked}"


class Calibration(NamedTuple):
    """What was found in an object's bytes; and what a HEAD told of it, if one was needed."""

    head: HeadFacts | None
    findings: Findings


def calibrate(context: Context, bucket: str, row: ListedObject, head: HeadFacts | None) -> Calibration:
    """Read an object for the digest that its ETag would be by AWS's rules; nothing where these do not say which. Its
    MD5 may settle a copy that was uploaded in one piece.
    """
    if read_etag(row.etag).form is Form.MULTIPART:
        head = head or context.stores.head(bucket, row, layout=True)
    space, findings = _space(row, head), Findings()
    if space is not None:
        parts = [] if space == "md5" else [int(space.rpartition("x")[2])]
        salt = context.state.salt
        sweep = Sweep(Grid(row.size), 0, algorithm=context.digest, salt=salt, parts=parts, whole=["md5"])
        sweep_to(context.stores, bucket, row, sweep, row.size)
        findings.add(sweep, row.size)
    return Calibration(head, findings)


def _space(row: ListedObject, head: HeadFacts | None) -> str | None:
    """The space in which an ETag's digest would be one of the bytes; None where the layout is unknown or not even."""
    etag = read_etag(row.etag)
    if etag.form is not Form.MULTIPART:
        return "md5"
    layout = Layout.assumed(row.size, head.first_part, head.parts) if head else None
    return None if layout is None else f"multipart-{etag.parts}x{layout.part_size}"


def _is_right(row: ListedObject, facts: ObjectFacts) -> bool | None:
    """Whether an ETag is what AWS's rules say; None where that is not known yet."""
    etag = read_etag(row.etag)
    if etag.form is Form.MULTIPART and facts.head is None:
        return None
    space = _space(row, facts.head)
    if space is None:
        return False
    found = facts.whole.get(space)
    return None if found is None else found == etag.digest
