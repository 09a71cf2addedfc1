"""The shelf: what is known, on disk. A `shelve.Shelf` over LMDB with typed records, one writer, and a lock."""

from s3dedup.shelf.facts import Facts
from s3dedup.shelf.listed import Listed
from s3dedup.shelf.records import BucketRule, DigestRecord, Doubt, ObjectFacts, ScanRecord, Summary
from s3dedup.shelf.results import Results, read_report
from s3dedup.shelf.segment import ETAG, SOURCE, Entry, Segment
from s3dedup.shelf.state import State, facts_key, rule_key

__all__ = [
    "ETAG",
    "SOURCE",
    "BucketRule",
    "DigestRecord",
    "Doubt",
    "Entry",
    "Facts",
    "Listed",
    "ObjectFacts",
    "Results",
    "ScanRecord",
    "Segment",
    "State",
    "Summary",
    "facts_key",
    "read_report",
    "rule_key",
]
