"""An audit in a file, for schedulers: what `s3dedup run` reads."""

from s3dedup.schedule.notify import notify
from s3dedup.schedule.plan import Notification, Output, Schedule, When, came_of
from s3dedup.schedule.read import read_schedule

__all__ = ["Notification", "Output", "Schedule", "When", "came_of", "notify", "read_schedule"]
