"""Pure rules: what ETags and checksums prove, and which objects are still in doubt."""

from s3dedup.evidence.clusters import Cluster, cluster, in_doubt
from s3dedup.evidence.etag import Etag, Form, Meaning, meaning, read_etag, read_etags
from s3dedup.evidence.verdict import Evidence, Known, Layout, Verdict, compare, weigh

__all__ = [
    "Cluster",
    "Etag",
    "Evidence",
    "Form",
    "Known",
    "Layout",
    "Meaning",
    "Verdict",
    "cluster",
    "compare",
    "in_doubt",
    "meaning",
    "read_etag",
    "read_etags",
    "weigh",
]
