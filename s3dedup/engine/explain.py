"""Why an object is, or is not, a duplicate: the evidence of a finished audit, from the state alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from s3dedup.engine.lookup import Recollection, look_up, recollected
from s3dedup.engine.peers import MD5_OF_MD5, Peers
from s3dedup.engine.rules import UNKNOWN
from s3dedup.engine.weigh import Weigher
from s3dedup.errors import ObjectError, UsageError
from s3dedup.evidence import Form, Verdict, read_etag
from s3dedup.explanation import (
    EtagExplained,
    Explanation,
    HeadExplained,
    Live,
    Membership,
    ObjectExplained,
    ObjectName,
    PairExplained,
    ReadExplained,
    Role,
)
from s3dedup.groups import Placed
from s3dedup.hashing import Grid
from s3dedup.model import EtagTrust, SkipReason
from s3dedup.shelf import BucketRule, DigestRecord, ObjectFacts, digests_of_size, read_report
from s3dedup.store import ObjectStore

OTHERS = 5
"""So many of the other members of a group are named."""


def explained(directory: Path, names: Sequence[ObjectName], store: ObjectStore | None = None) -> Explanation:
    """One object, or two, as the last finished audit of a state directory left them. A `store` is asked about each of
    them as well; without one nothing is.

    Raises:
        NoReportError: there is no finished audit.
        StateLockedError: an audit is under way.
        StateError: the state is corrupt, or what the audit listed is no longer there.
        UsageError: an object was not listed, or is in another store.
    """
    report = read_report(directory)
    with recollected(directory, report.run) as memory:
        placed = list(dict.fromkeys(look_up(memory, name) for name in names))
        if len(placed) < len(names):
            raise UsageError(f"{names[0]} is named twice: name two objects to compare them.")
        lives = [_live(memory, each, store) for each in placed]
        rules = _rules(memory)
        weigher = Weigher(memory, rules)
        sizes = dict.fromkeys(row.size for _, row in placed)
        peers = {size: _peers(directory, memory, weigher, placed, size) for size in sizes if size}
        objects = [_object(memory, rules.get(each[0]), peers.get(each[1].size), each) for each in placed]
        found = tuple(replace(each, live=live) for each, live in zip(objects, lives, strict=True))
        return Explanation(report.run, found, _pair(peers, placed) if len(placed) > 1 else None)


def _rules(memory: Recollection) -> dict[str, BucketRule]:
    """The rules that the audit went by: none where ETags were trusted, or not, without looking."""
    if memory.etag_trust is not EtagTrust.AUTO:
        return {}
    found = {bucket: memory.state.rules.get(memory.rule_key(bucket)) for bucket in memory.places}
    return {bucket: rule for bucket, rule in found.items() if rule is not None}


def _peers(directory: Path, memory: Recollection, weigher: Weigher, placed: Sequence[Placed], size: int) -> Peers:
    asked = [each for each in placed if each[1].size == size]
    return Peers(memory, weigher, asked, digests_of_size(directory, size), read_report(directory).skipped)


def _object(memory: Recollection, rule: BucketRule | None, peers: Peers | None, placed: Placed) -> ObjectExplained:
    bucket, row = placed
    if peers is None or peers.count == 1:
        return ObjectExplained(row.at(bucket), 0)
    facts = memory.facts(bucket, row)
    record = peers.groups.get(placed)
    return ObjectExplained(
        row.at(bucket),
        peers.count - 1,
        _etag(memory, rule, peers, placed),
        _head(memory, placed, facts),
        _read(memory, placed),
        None if record is None else _membership(record, placed),
        peers.skipped.get(placed),
        peers.contrast(placed),
    )


def _etag(memory: Recollection, learnt: BucketRule | None, peers: Peers, placed: Placed) -> EtagExplained:
    form, rule = read_etag(placed[1].etag).form, learnt or UNKNOWN
    proven = rule.multipart_proven if form is Form.MULTIPART else rule.hex_proven
    meaning, note = peers.meaning(placed), rule.note or None
    return EtagExplained(form, meaning, memory.etag_trust, note, proven, rule.encryption, peers.by_listing)


def _head(memory: Recollection, placed: Placed, facts: ObjectFacts) -> HeadExplained | None:
    head = facts.head
    if head is None:
        return None
    kinds = tuple(f"{each.algorithm} ({'FULL_OBJECT' if each.full_object else 'COMPOSITE'})" for each in head.checksums)
    is_aws = memory.place(placed[0]).is_aws
    return HeadExplained(head.encryption, head.archived, head.first_part, head.parts, kinds, is_aws)


def _read(memory: Recollection, placed: Placed) -> ReadExplained | None:
    found, grid = memory.findings(*placed), Grid(placed[1].size)
    if not found.ranges and not found.whole:
        return None
    size = sum(grid[number].stop - grid[number].start for number in found.ranges)
    digests = {space: value.hex() for space, value in sorted(found.whole.items()) if space != MD5_OF_MD5}
    return ReadExplained(len(found.ranges), len(grid), size, memory.digest, digests)


def _membership(record: DigestRecord, placed: Placed) -> Membership:
    others = tuple(row.at(bucket) for bucket, row in record.objects if (bucket, row) != placed)
    role = _role(record.objects.index(placed), record.kept)
    return Membership(record.id, record.evidence, len(record.objects), record.kept, role, others[:OTHERS])


def _role(position: int, kept: int) -> Role:
    """The first of a group is its keeper; what else stays is protected."""
    if position == 0:
        return Role.KEEPER
    return Role.PROTECTED if position < kept else Role.REDUNDANT


def _pair(peers: dict[int, Peers], placed: Sequence[Placed]) -> PairExplained:
    one, other = placed
    size = one[1].size
    if size != other[1].size:
        return PairExplained(Verdict.DIFFERENT, same_size=False)
    return peers[size].pair(one, other) if size else PairExplained(Verdict.SAME)


def _live(memory: Recollection, placed: Placed, store: ObjectStore | None) -> Live | None:
    """Whether the store still has what was listed, by one HEAD."""
    if store is None:
        return None
    bucket, row = placed
    place = memory.place(bucket)
    if store.endpoint != place.endpoint:
        raise UsageError(
            f"s3://{bucket} was audited at {place.endpoint}, and --live would ask {store.endpoint}: pass the options"
            " that the audit had, such as --endpoint-url."
        )
    try:
        head = store.head(place.bucket, row, layout=False)
    except ObjectError as error:
        return Live(SkipReason(error.reason), str(error))
    if head.size != row.size:
        return Live(SkipReason.CHANGED, "its size is another")
    return Live(None, f"encryption {head.encryption.value}{', archived' if head.archived else ''}")
