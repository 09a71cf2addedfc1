"""The shelf: what is known, on disk. A `shelve.Shelf` over LMDB with typed records, one writer, and a lock."""

from s3dedup.shelf.facts import Facts
from s3dedup.shelf.history import PastRecord, group_marks, has_groups, past_runs, remember
from s3dedup.shelf.listed import Listed, Stretch
from s3dedup.shelf.records import (
    BucketRecord,
    BucketRule,
    Codec,
    DigestRecord,
    Doubt,
    Manner,
    ObjectFacts,
    SavingRecord,
    ScanRecord,
    Summary,
)
from s3dedup.shelf.results import (
    Found,
    Results,
    Stored,
    digests_of_size,
    group_found,
    read_digests,
    read_report,
    read_summary,
)
from s3dedup.shelf.scratch import aside, scratch
from s3dedup.shelf.segment import DIGEST, FORM, SIZE, SIZE_AND_ETAG, SOURCE, WIDTH, Entry, Segment, split
from s3dedup.shelf.state import State, facts_key, rule_key

__all__ = [
    "DIGEST",
    "FORM",
    "SIZE",
    "SIZE_AND_ETAG",
    "SOURCE",
    "WIDTH",
    "BucketRecord",
    "BucketRule",
    "Codec",
    "DigestRecord",
    "Doubt",
    "Entry",
    "Facts",
    "Found",
    "Listed",
    "Manner",
    "ObjectFacts",
    "PastRecord",
    "Results",
    "SavingRecord",
    "ScanRecord",
    "Segment",
    "State",
    "Stored",
    "Stretch",
    "Summary",
    "aside",
    "digests_of_size",
    "facts_key",
    "group_found",
    "group_marks",
    "has_groups",
    "past_runs",
    "read_digests",
    "read_report",
    "read_summary",
    "remember",
    "rule_key",
    "scratch",
    "split",
]
