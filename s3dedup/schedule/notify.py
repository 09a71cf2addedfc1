"""Tells people what came of a run, through apprise (https://github.com/caronc/apprise)."""

from __future__ import annotations

import logging
import warnings
from io import StringIO
from types import ModuleType
from typing import Any

from s3dedup.errors import UsageError
from s3dedup.model import AuditReport
from s3dedup.report import render
from s3dedup.schedule.plan import Notification, Schedule, When, came_of
from s3dedup.text import plain


def check_notification(url: str) -> None:
    """Find out before the audit that nobody could be told; nothing is sent.

    Raises:
        UsageError: apprise is not installed, or does not know such an address.
    """
    if _service(url) is None:
        raise UsageError(
            "This is no address that apprise knows: see https://github.com/caronc/apprise/wiki for how each is written."
        )


def notify(schedule: Schedule, title: str, outcome: AuditReport | Exception) -> list[str]:
    """Tell everybody who wants to know of this outcome: a report, or why there is none.

    Returns a sentence for each who could not be told. An address may hold a secret, and is not in it.
    """
    report = outcome if isinstance(outcome, AuditReport) else None
    events = came_of(report, schedule.fail_over)
    wanted = [each for each in schedule.notifications if events.intersection(each.when)]
    return [
        f"The notification by {each.url.partition(':')[0]} could not be sent: check its address and that it can be"
        " reached."
        for each in wanted
        if not _sent(each, title, outcome, events)
    ]


def _sent(notification: Notification, title: str, outcome: AuditReport | Exception, events: frozenset[When]) -> bool:
    service, apprise = _service(notification.url), _apprise()
    if isinstance(outcome, AuditReport):
        body, form = _message(outcome), apprise.NotifyFormat.MARKDOWN
    else:
        body, form = f"The audit failed. {plain(str(outcome))}", apprise.NotifyFormat.TEXT
    return bool(service.notify(title=title, body=body, body_format=form, notify_type=_severity(apprise, events)))


def _message(report: AuditReport) -> str:
    """The report as a short message: the verdict, the change since the last run, where the money is."""
    page = StringIO()
    render(report, "markdown", page, top=0)
    return page.getvalue()


def _severity(apprise: ModuleType, events: frozenset[When]) -> object:
    """How loud to be.

    | failed | over or incomplete | |
    |---|---|---|
    | yes | - | failure |
    | no | yes | warning |
    | no | no | info |
    """
    if When.FAILED in events:
        return apprise.NotifyType.FAILURE
    return apprise.NotifyType.WARNING if events & {When.OVER, When.INCOMPLETE} else apprise.NotifyType.INFO


def _service(url: str) -> Any:  # noqa: ANN401  apprise may not be there
    """What sends to an address; None for what is none."""
    service = _apprise().Apprise()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # apprise now loads its plugins: theirs are not ours
        return service if service.add(url) else None


def _apprise() -> ModuleType:
    try:
        import apprise  # noqa: PLC0415  an extra, and slow to import
    except ModuleNotFoundError as error:
        raise UsageError("Notifications need apprise: pip install 's3dedup[notify]', or leave them out.") from error
    logging.getLogger("apprise").propagate = False  # it logs addresses, which may hold secrets
    return apprise
