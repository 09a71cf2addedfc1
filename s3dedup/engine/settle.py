"""The reading stage: what metadata left in doubt is settled, what promises most for what it costs first."""

from __future__ import annotations

from s3dedup.engine.context import Context
from s3dedup.engine.emit import Emitter
from s3dedup.engine.settlement import NOTHING, Outlook, Settlement
from s3dedup.engine.weigh import Doubtful, Weigher
from s3dedup.shelf import BucketRule, Doubt
from s3dedup.text import human_bytes, human_count


def settle_doubts(context: Context, rules: dict[str, BucketRule], emitter: Emitter, doubtful: Doubtful) -> Outlook:
    """Read what is in doubt, most promising first, and group what turns out to be the same; what a budget has left."""
    context.watch.stage("Reading what is in doubt", objects=doubtful.objects, size=doubtful.bytes)
    weigher = Weigher(context, rules)
    left = NOTHING
    for one in context.pool.drive(_settlement(context, weigher, doubt).job(emitter) for doubt in context.doubts()):
        left = left.plus(one)
    context.notes.extend(context.on_trust.notes())
    read = human_bytes(context.stores.counted().bytes_read)
    groups = human_count(emitter.tally.groups, "group")
    redundant = human_count(emitter.tally.redundant, "redundant object")
    reclaimable = human_bytes(emitter.tally.reclaimable_bytes)
    context.watch.line(f"{groups} with {redundant} ({reclaimable}) after reading {read}")
    return left


def _settlement(context: Context, weigher: Weigher, doubt: Doubt) -> Settlement:
    recalled = [weigher.recall(entry) for entry in doubt.entries]
    return Settlement(context, doubt.size, weigher.clusters(recalled), recalled)
