"""Every key that a file for `s3dedup run` may have. README.md shows these tables; a test holds them against the options
of `s3dedup audit`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from s3dedup.config import DIGESTS
from s3dedup.model import EtagTrust
from s3dedup.report import FORMATS
from s3dedup.schedule import kinds
from s3dedup.schedule.kinds import Kind
from s3dedup.schedule.plan import When


class Key(NamedTuple):
    """A key: the kind of its value, and what it means ("" where it is the option of that name). `field` is what
    `AuditConfig` and `Source` call it, where that is not the same name.
    """

    kind: Kind
    meaning: str = ""
    field: str = ""


Keys = Mapping[str, Key]

_LOCATIONS: Keys = {"locations": Key(kinds.LOCATIONS, "where to look, as `s3://bucket/prefix`")}
_REACH: Keys = {
    "endpoint-url": Key(kinds.TEXT),
    "profile": Key(kinds.TEXT),
    "region": Key(kinds.TEXT),
    "no-sign-request": Key(kinds.FLAG),
    "requester-pays": Key(kinds.FLAG),
    "role-arn": Key(kinds.TEXT, "a role to assume with the credentials that are there"),
    "external-id": Key(kinds.TEXT, "what the role's owner wants to be told"),
    "role-session-name": Key(kinds.TEXT, "what the role's owner sees in the logs"),
}
AUDIT: Keys = MappingProxyType(
    {
        **_LOCATIONS,
        **_REACH,
        "state": Key(kinds.FILE),
        "min-size": Key(kinds.SIZE),
        "include": Key(kinds.TEXTS),
        "exclude": Key(kinds.TEXTS),
        "storage-class": Key(kinds.CLASSES, field="storage_classes"),
        "versions": Key(kinds.FLAG),
        "etag-trust": Key(kinds.one_of(list(EtagTrust))),
        "digest": Key(kinds.one_of(DIGESTS)),
        "keep": Key(kinds.RULES),
        "protect": Key(kinds.PROTECTIONS),
        "max-read": Key(kinds.SIZE),
        "max-requests": Key(kinds.COUNT),
        "max-cost": Key(kinds.USD),
        "prices": Key(kinds.FILE),
        "concurrency": Key(kinds.AT_LEAST_ONE),
        "fresh": Key(kinds.FLAG),
        "fail-over": Key(kinds.SIZE),
    }
)
"""Those of the whole audit, above the first table. How a store is reached counts for all `locations` beside it, and for
each source that does not say otherwise.
"""
TABLES: Mapping[str, Keys] = MappingProxyType(
    {
        "source": MappingProxyType({**_LOCATIONS, **_REACH}),
        "output": MappingProxyType(
            {
                "format": Key(kinds.one_of(list(FORMATS))),
                "file": Key(kinds.DATED, "where to write it, `%Y-%m-%d` being the day in UTC; without it stdout"),
            }
        ),
        "notify": MappingProxyType(
            {
                "url": Key(kinds.TEXT, "whom to tell, as apprise has it; `$NAME` is taken from the environment"),
                "when": Key(kinds.one_of(list(When))._replace(many=True), "on what; any of them counts"),
            }
        ),
    }
)
"""Those of each table in an array of tables, `[[source]]` and so on."""
REQUIRED: Mapping[str, str] = MappingProxyType({"source": "locations", "notify": "url"})
"""What a table makes no sense without."""
