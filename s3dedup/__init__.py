"""s3dedup finds objects with the same content across buckets and proves it while reading as few bytes as possible."""

import gc

__version__ = "0.1.0"

_collecting = gc.isenabled()
gc.disable()  # what is imported stays: to look for cycles in it takes a seventh of the time
try:
    from s3dedup.audit import audit, estimate
    from s3dedup.config import AuditConfig, Source
finally:
    if _collecting:
        gc.enable()

__all__ = ["AuditConfig", "Source", "audit", "estimate"]
