"""The report as one HTML page: a single file without anything external, for a team to forward.

It works offline and without a script, where it shows the largest groups only; it is plain ASCII, and its policy allows
its own script and style and nothing else.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from importlib.resources import files
from itertools import chain, islice
from string import Template
from typing import TYPE_CHECKING, TextIO

from s3dedup.report import words
from s3dedup.report.html import sections
from s3dedup.report.html.data import Packed, pack
from s3dedup.report.html.markup import Markup, joined
from s3dedup.text import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from s3dedup.model import AuditReport, DuplicateGroup
    from s3dedup.report.view import View


def render(report: AuditReport, stream: TextIO, view: View) -> None:
    """Write the page; `view.top` groups are in the table that is printed."""
    omissions = words.Omissions.of(report.skipped)
    groups = iter(report.groups)
    top = list(islice(groups, view.top))
    before, after = (Template(part) for part in _file("page.html").split("$data"))
    script, style = _file("groups.js") + _file("page.js"), _file("page.css")
    stream.write(
        before.substitute(
            body=_ascii(_body(report, omissions, top)),
            groups=f"{report.totals.groups:,}",
            script_hash=_hash(script),
            style=style,
            style_hash=_hash(style),
            title=_ascii(joined(words.verdict(report.totals, report.run))),
            version=_ascii(joined(plain(report.tool_version))),
        )
    )
    packed = pack(chain(top, groups), stream)
    stream.write(after.substitute(rest=_ascii(_rest(report, omissions, packed)), script=script))


def _body(report: AuditReport, omissions: words.Omissions, top: Sequence[DuplicateGroup]) -> Markup:
    return joined(
        sections.headline(report, omissions),
        sections.tiles(report.totals),
        sections.savings(report.totals),
        sections.money(report.rollups),
        sections.history(report),
        sections.paper(top, report.totals),
    )


def _rest(report: AuditReport, omissions: words.Omissions, packed: Packed) -> Markup:
    return joined(
        sections.extent(packed, report.totals),
        sections.not_compared(omissions),
        sections.origins(report),
        sections.legend(),
    )


def _file(name: str) -> str:
    return files(__name__).joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _ascii(text: Markup) -> str:
    return text.encode("ascii", "xmlcharrefreplace").decode()
