"""The lister: which page to ask for next, and what its bytes say."""

from s3dedup.listing.page import Page
from s3dedup.listing.plan import Interval, Plan, Share, Sight, in_order
from s3dedup.listing.select import Selection
from s3dedup.listing.spans import Seams, gaps, rest_in_sequence, seams_hold
from s3dedup.listing.walk import START, following, peek, read_page, request_at

__all__ = [
    "START",
    "Interval",
    "Page",
    "Plan",
    "Seams",
    "Selection",
    "Share",
    "Sight",
    "following",
    "gaps",
    "in_order",
    "peek",
    "read_page",
    "request_at",
    "rest_in_sequence",
    "seams_hold",
]
