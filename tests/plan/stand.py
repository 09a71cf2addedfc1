"""A bucket in memory that is audited, planned for, changed, and verified."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from s3dedup import AuditConfig, audit
from s3dedup.audit import VerifyConfig, manifest, verify
from s3dedup.errors import NothingToActOnError
from s3dedup.plan import Entry, PlanHead, PlanLine
from s3dedup.report.plan import Access, write_plan
from s3dedup.store import StoreConfig
from tests.fakes3 import PlantedS3
from tests.oracle.memory import AWS, MemoryStore


@dataclass
class Stand:
    """`s3` is what is behind each endpoint."""

    directory: Path
    s3: Mapping[str, PlantedS3] = field(default_factory=lambda: {AWS: PlantedS3()})

    @property
    def aws(self) -> PlantedS3:
        """What is behind AWS."""
        return self.s3[AWS]

    @property
    def plan(self) -> Path:
        """Where the plan lies."""
        return self.directory / "plan.jsonl"

    def open(self, reach: StoreConfig) -> MemoryStore:
        """The store at an endpoint."""
        endpoint = reach.endpoint_url or AWS
        return MemoryStore(self.s3[endpoint], endpoint)

    def audited(self, *locations: Any, **options: Any) -> None:  # noqa: ANN401  those of AuditConfig
        """Audit, of all of bucket "b" where nothing is named."""
        audit(AuditConfig(locations or ["s3://b"], state=self.directory, **options), open_store=self.open)

    def planned(self, *locations: Any, **options: Any) -> list[PlanLine]:  # noqa: ANN401  same
        """Audit, and write a plan; its lines."""
        self.audited(*locations, **options)
        with manifest(self.directory) as plan, self.plan.open("w") as stream:
            entries = list(plan.entries)
            write_plan(type(plan)(plan.head, entries), "jsonl", stream, Access())
        return [entry for entry in entries if isinstance(entry, PlanLine)]

    def verified(self, **options: Any) -> list[Entry]:  # noqa: ANN401  those of VerifyConfig
        """Verify the plan; what became of each line."""
        return self.verified_with_head(**options)[1]

    def verified_with_head(self, **options: Any) -> tuple[PlanHead, list[Entry]]:  # noqa: ANN401  same
        """Verify, and write what is left, if anything is, in the place of the plan."""
        with verify(self.plan, VerifyConfig(**options), open_store=self.open) as plan:
            head, entries = plan.head, list(plan.entries)
        with self.plan.open("w") as stream, suppress(NothingToActOnError):
            write_plan(type(plan)(head, entries), "jsonl", stream, Access())
        return head, entries
