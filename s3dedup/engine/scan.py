"""The listing stage: every location's pages into the state, the next one asked for while this one is parsed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from s3dedup.engine.context import Context
from s3dedup.engine.pool import Job, Task
from s3dedup.evidence import read_etag
from s3dedup.listing import Cursor, Page, Selection, following, peek, read_page, request_at
from s3dedup.shelf import Progress
from s3dedup.text import human_bytes, human_count

Pick = Callable[[Page], list[tuple[Any, ...]]]


def list_locations(context: Context, selection: Selection) -> Progress:
    """List what is not listed yet; the counts of everything that is."""
    context.watch.stage("Listing")
    pick = selection.picker()
    jobs = (_Lister(context, source, pick).job() for source in range(len(context.locations)))
    total = Progress(done=True)
    for progress in context.pool.drive(jobs):
        total.pages += progress.pages
        total.objects += progress.objects
        total.bytes += progress.bytes
        total.empty += progress.empty
    objects, pages = human_count(total.objects, "object"), human_count(total.pages, "page")
    context.watch.line(f"{objects} ({human_bytes(total.bytes)}) after listing {pages}")
    return total


class _Lister:
    """The listing of one location."""

    def __init__(self, context: Context, source: int, pick: Pick) -> None:
        self._context = context
        self._source = source
        self._location = context.locations[source]
        self._pick = pick
        self._bodies: list[bytes] = []
        self._pages: list[Page] = []

    def job(self) -> Job[Progress]:
        """Page by page from where an earlier run came to."""
        progress = self._context.state.listed.progress(self._source)
        cursor = Cursor(progress.token, progress.key_marker, progress.version_id_marker)
        while not progress.done:
            if not self._bodies:
                yield [self._fetch(cursor)]
            body = self._bodies.pop()
            told, ahead = peek(body, versions=self._context.versions)
            yield [self._parse(body), *([self._fetch(ahead)] if told and ahead else [])]
            page = self._pages.pop()
            after = following(page, self._location, cursor)
            progress = self._keep(page, progress, after)
            cursor = after or cursor
        return progress

    def _fetch(self, cursor: Cursor) -> Task[bytes]:
        request = request_at(self._location, cursor, versions=self._context.versions)
        return Task(partial(self._context.store.list_page, request), self._bodies.append)

    def _parse(self, body: bytes) -> Task[Page]:
        run = partial(read_page, self._context.store, body, versions=self._context.versions)
        return Task(run, self._pages.append)

    def _keep(self, page: Page, progress: Progress, after: Cursor | None) -> Progress:
        """Store the page's wanted rows, and how far the location now is, as one."""
        rows = self._pick(page)
        size = sum(row[1] for row in rows)
        token, key_marker, version_id_marker = after or Cursor()
        now = msgspec.structs.replace(
            progress,
            done=after is None,
            token=token,
            key_marker=key_marker,
            version_id_marker=version_id_marker,
            pages=progress.pages + 1,
            objects=progress.objects + len(rows),
            bytes=progress.bytes + size,
            empty=progress.empty + sum(not row[1] for row in rows),
        )
        etags = [read_etag(row[2]) for row in rows]
        self._context.state.listed.add_page(self._source, rows, etags, now)
        self._context.watch.advance(len(rows), size)
        return now
