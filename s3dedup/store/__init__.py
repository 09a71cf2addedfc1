"""The store: what the audit reads from, and the only room that knows boto3."""

from s3dedup.store.base import BodyReader, ObjectStore, PageRequest
from s3dedup.store.client import StoreConfig
from s3dedup.store.guard import READS
from s3dedup.store.meter import Counted
from s3dedup.store.price_list import fetch_offer, fetch_region_index
from s3dedup.store.s3 import S3Store
from s3dedup.store.several import Stores
from s3dedup.store.steps import Readiness, Step, Steps
from s3dedup.store.wire import Chunk

__all__ = [
    "READS",
    "BodyReader",
    "Chunk",
    "Counted",
    "ObjectStore",
    "PageRequest",
    "Readiness",
    "S3Store",
    "Step",
    "Steps",
    "StoreConfig",
    "Stores",
    "fetch_offer",
    "fetch_region_index",
]
