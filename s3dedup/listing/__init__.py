"""The lister: pages read from bytes, in the order in which the store gives them."""

from s3dedup.listing.page import Page
from s3dedup.listing.select import Selection
from s3dedup.listing.walk import START, Cursor, following, peek, read_page, request_at

__all__ = ["START", "Cursor", "Page", "Selection", "following", "peek", "read_page", "request_at"]
