"""Whether anything answers at the endpoint: where nothing ever has, a mistyped address is likelier than bad luck."""

from __future__ import annotations

from typing import Any

from botocore import exceptions as boto

QUICK_ATTEMPTS = 3
QUICK_DELAY = 0.2
"""Seconds."""
NO_CONNECTION = (boto.EndpointConnectionError, boto.ConnectTimeoutError, boto.ProxyConnectionError, boto.SSLError)


class Reach:
    """Until the first answer, has a client give up soon on an endpoint to which no connection can be made."""

    def __init__(self) -> None:
        self._answered = False

    def install(self, events: Any) -> None:  # noqa: ANN401  botocore's emitter is untyped
        """Hook into a client's events."""
        events.register("before-parse.s3", self._has_answered)
        events.register_first("needs-retry.s3", self._delay)

    def _has_answered(self, **_: object) -> None:
        self._answered = True

    def _delay(self, *, caught_exception: Exception | None, attempts: int, **_: object) -> float | None:
        """Seconds until the next attempt; None: botocore decides.

        | anything has answered | no connection | attempts | |
        |---|---|---|---|
        | yes | - | - | None |
        | no | no | - | None |
        | no | yes | fewer than 3 | 0.2 |
        | no | yes | 3 | the error is raised: not every botocore knows another way to say that this was the last one |
        """
        if self._answered or not isinstance(caught_exception, NO_CONNECTION):
            return None
        if attempts >= QUICK_ATTEMPTS:
            raise caught_exception
        return QUICK_DELAY
