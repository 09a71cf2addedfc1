"""Learns, bucket by bucket, what ETags mean there, from a few objects, before any ETag is believed.

On AWS the rules are documented: what is open is encryption, so the bucket's default is read and a few candidates are
asked (HEAD) whether they keep to it. On any other endpoint a few candidates are also read and hashed: that shows
whether their ETags are what AWS's rules say. Servers exist whose 32 hex digits come from size and time, or from SHA-1.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator
from functools import partial
from typing import Any, NamedTuple

import msgspec

from s3dedup.engine.context import Context
from s3dedup.engine.narrowing import Candidates, Samples
from s3dedup.engine.pool import Job, Task
from s3dedup.engine.watch import log_head, log_read
from s3dedup.errors import ObjectChangedError, ObjectError, ObjectVanishedError
from s3dedup.evidence import Form, Layout, read_etag
from s3dedup.hashing import Findings, Grid, Sweep, sweep_to
from s3dedup.model import Encryption, EtagTrust, HeadFacts, ListedObject
from s3dedup.shelf import BucketRule, Entry
from s3dedup.store import Stores
from s3dedup.text import human_count

MAX_AGE = 7 * 24 * 3600.0
"""A rule is learnt anew after this many seconds: a bucket's default encryption can change."""
PROVABLE = {Form.HEX: "single-part", Form.MULTIPART: "multipart"}
UNENCRYPTED = frozenset({Encryption.NONE, Encryption.SSE_S3})


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
        self._refused = False
        self._right: dict[int, list[bool]] = defaultdict(list)
        self._refused_forms: set[int] = set()
        self._curtailed = False

    def job(self) -> Job[tuple[str, BucketRule]]:
        rule_of, key = self._context.state.rules, self._context.rule_key(self._bucket)
        rule = self._still_good(rule_of.get(key))
        if rule is None or rule.encryption is not None:
            yield from self._each(self._not_yet_asked(), self._head)
        if rule is None or (rule.encryption is not None and not self._confirmed()):
            yield [Task(lambda: self._context.stores.default_encryption(self._bucket), self._set_default)]
            if not self._context.stores.is_aws(self._bucket):
                yield from self._each(self._to_read(), self._read)
            rule = self._rule()
            if not self._curtailed and all(self._right[form] for form in self._refused_forms):
                rule_of[key] = rule  # what a budget, or a refusal, kept from being looked at may be different
        self._context.watch.advance(1)
        return self._bucket, rule

    def _still_good(self, rule: BucketRule | None) -> BucketRule | None:
        """A remembered rule that is recent and knows all forms of ETag that occur now."""
        good = rule and rule.learnt >= time.time() - MAX_AGE and self._samples.forms() <= set(rule.forms)
        return rule if good else None

    def _set_default(self, default: Encryption | None) -> None:
        self._default = default

    def _not_yet_asked(self) -> list[bytes]:
        """Those of the sample whose encryption is not known from an earlier run. What was added since may be encrypted
        in another way, so that a remembered rule, too, must be confirmed by what is there now.
        """
        for entry in self._samples.asked:
            head = self._context.facts(self._bucket, self._context.state.listed.row(entry)).head
            if head is not None:
                self._heads[entry] = head
        return [entry for entry in self._samples.asked if entry not in self._heads]

    def _confirmed(self) -> bool:
        """Whether all of the sample keep to a default that leaves ETags readable."""
        return not self._refused and all(facts.encryption in UNENCRYPTED for facts in self._heads.values())

    def _to_read(self) -> list[bytes]:
        chosen = (*self._samples.read.values(), *self._samples.twins.values())
        return [entry for entries in chosen for entry in entries]

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
        self._refused |= not self._is_gone(entry, row, error)

    def _is_gone(self, entry: bytes, row: ListedObject, error: ObjectError) -> bool:
        """Whether an object is not there any more as it was listed; then it is compared no further, and named once."""
        gone = isinstance(error, ObjectChangedError | ObjectVanishedError)
        if gone and entry not in self._context.gone:
            self._context.gone.add(entry)
            self._context.skip(self._bucket, row, error)
        return gone

    def _read(self, entry: bytes, row: ListedObject) -> Task[Calibration]:
        form = Entry.unpack(entry).form
        context = self._context
        return Task(
            lambda: calibrate(context.stores, self._bucket, row, context.digest, context.state.salt),
            partial(self._calibrated, form, row),
            partial(self._unread, entry, row),
        )

    def _unread(self, entry: bytes, row: ListedObject, error: ObjectError) -> None:
        log_read(self._bucket, row, 0, row.size, error)
        if not self._is_gone(entry, row, error):
            self._refused_forms.add(Entry.unpack(entry).form)

    def _calibrated(self, form: int, row: ListedObject, found: Calibration) -> None:
        """The bytes count for the comparison, too, whatever the ETag is."""
        log_read(self._bucket, row, 0, row.size, f"its ETag is {'' if found.right else 'not '}what AWS's rules say")
        self._right[form].append(found.right)
        if found.findings.ranges:
            self._context.keep_findings(self._bucket, row, found.findings)

    def _rule(self) -> BucketRule:
        """Put together what was learnt; an object that could not be had proves nothing."""
        proven = {form: self._context.stores.is_aws(self._bucket) or _all_right(self._right[form]) for form in PROVABLE}
        proven_default = self._default in UNENCRYPTED and self._heads and self._confirmed()
        encryption = self._default if proven_default else None
        forms = sorted(self._samples.forms())
        note = f"s3://{self._bucket}: {'; '.join(self._sentences(encryption, proven))}."
        return BucketRule(encryption, proven[Form.HEX], proven[Form.MULTIPART], forms, time.time(), note)

    def _provable(self) -> list[int]:
        """The forms of ETag that occur and that reading can prove."""
        return sorted(self._samples.forms() & set(PROVABLE))

    def _sentences(self, encryption: Encryption | None, proven: dict[Form, bool]) -> Iterator[str]:
        for form in self._provable():
            name, calibrated = PROVABLE[Form(form)], len(self._right[form])
            if self._context.stores.is_aws(self._bucket):
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


class Calibration(NamedTuple):
    """Whether an object's ETag is the one that AWS's rules give its bytes; and what was found in them."""

    right: bool
    findings: Findings


def calibrate(stores: Stores, bucket: str, row: ListedObject, algorithm: str, salt: bytes) -> Calibration:
    """Read an object and hold its ETag against its bytes."""
    etag = read_etag(row.etag)
    part = None
    if etag.form is Form.MULTIPART:
        facts = stores.head(bucket, row, layout=True)
        layout = Layout.assumed(row.size, facts.first_part, facts.parts)
        if layout is None:
            return Calibration(right=False, findings=Findings())
        part = layout.part_size
    parts, whole = ([], ["md5"]) if part is None else ([part], [])
    sweep = Sweep(Grid(row.size), 0, algorithm=algorithm, salt=salt, parts=parts, whole=whole)
    sweep_to(stores, bucket, row, sweep, row.size)
    findings = Findings()
    findings.add(sweep, row.size)
    name = "md5" if part is None else f"multipart-{etag.parts}x{part}"
    return Calibration(findings.whole.get(name) == etag.digest, findings)
