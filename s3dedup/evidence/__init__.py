"""Pure rules: what ETags and checksums prove, and which objects are still in doubt."""

from s3dedup.evidence.clusters import WEAKEST_FIRST, Cluster, cluster, doubtful_sets, in_doubt
from s3dedup.evidence.etag import Etag, Form, Meaning, meaning, read_etag, read_etags
from s3dedup.evidence.reading import Candidate, Want, at_most, to_read
from s3dedup.evidence.strength import withstands_collisions
from s3dedup.evidence.verdict import Evidence, Known, Layout, Verdict, compare, on_assumed_layout, telling_part, weigh

__all__ = [
    "WEAKEST_FIRST",
    "Candidate",
    "Cluster",
    "Etag",
    "Evidence",
    "Form",
    "Known",
    "Layout",
    "Meaning",
    "Verdict",
    "Want",
    "at_most",
    "cluster",
    "compare",
    "doubtful_sets",
    "in_doubt",
    "meaning",
    "on_assumed_layout",
    "read_etag",
    "read_etags",
    "telling_part",
    "to_read",
    "weigh",
    "withstands_collisions",
]
