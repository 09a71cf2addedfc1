"""s3dedup finds objects with the same content across buckets and proves it while reading as few bytes as possible."""

__version__ = "0.1.0"

from s3dedup.audit import audit, estimate
from s3dedup.config import AuditConfig, Source

__all__ = ["AuditConfig", "Source", "audit", "estimate"]
