"""How many objects were listed below the prefixes that a roll-up may name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from s3dedup.engine.context import Context
from s3dedup.engine.scan import in_order
from s3dedup.model import Location


def objects_below(context: Context, prefixes: Sequence[Location]) -> Mapping[Location, int]:
    """The objects that are not empty below these prefixes and below the audited locations, by prefix. A prefix of which
    only a part was listed is left out: nobody knows what else is there.
    """
    counts = Counter[Location]()
    for index, (source, location) in enumerate(context.sources.items()):
        inside = [each for each in prefixes if location.covers(each)]
        wanted = {each.prefix for each in (*inside, location)}
        ordered = in_order(context, index)
        found = context.state.listed.objects_below(source, wanted, location.prefix, ordered=ordered)
        counts.update({Location(location.bucket, prefix): count for prefix, count in found.items()})
    return counts
