"""What goes wrong on purpose, and the record of what was asked."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

Headers = dict[str, str]


@dataclass(frozen=True)
class Request:
    """One request as the fake understood it. Header names are in lower case, the query is decoded."""

    method: str
    operation: str
    bucket: str
    key: str
    query: dict[str, str]
    headers: Headers

    @property
    def range(self) -> str | None:
        """The Range header."""
        return self.headers.get("range")

    @property
    def version_id(self) -> str | None:
        """The version asked for."""
        return self.query.get("versionId")

    @property
    def region(self) -> str | None:
        """The region of the credential scope, or None for an unsigned request."""
        _, found, scope = self.headers.get("authorization", "").partition("Credential=")
        pieces = scope.split(",")[0].split("/")
        return pieces[2] if found and len(pieces) > 3 else None


@dataclass
class Response:
    """What goes back. `cut_after` closes the connection after so many body bytes (all of them: it hangs up where it
    could stay), `reset` before any. With `chunked` the body has no Content-Length.
    """

    status: int = 200
    headers: Headers = field(default_factory=dict)
    body: bytes | memoryview = b""
    cut_after: int | None = None
    reset: bool = False
    chunked: bool = False
    wait: float = 0.0


@dataclass(frozen=True)
class LogEntry:
    """A request and what was answered; status 0 is a reset connection."""

    request: Request
    status: int
    body_bytes: int

    @property
    def method(self) -> str:
        """GET, HEAD, ..."""
        return self.request.method

    @property
    def operation(self) -> str:
        """The S3 name: ListObjectsV2, HeadObject, ..."""
        return self.request.operation

    @property
    def bucket(self) -> str:
        """The bucket, or ""."""
        return self.request.bucket

    @property
    def key(self) -> str:
        """The key, or ""."""
        return self.request.key

    @property
    def range(self) -> str | None:
        """The Range header."""
        return self.request.range

    @property
    def headers(self) -> Headers:
        """The request's headers, names in lower case."""
        return self.request.headers

    @property
    def query(self) -> dict[str, str]:
        """The request's query."""
        return self.request.query


Match = Callable[[Request], bool]
Answer = Callable[[Request], Response | None]
Error = Callable[[Request, int, str, str], Response]

_SIMPLE = {
    "403": (403, "AccessDenied", "Access Denied"),
    "404": (404, "NoSuchKey", "The specified key does not exist."),
    "429": (429, "TooManyRequests", "Please reduce your request rate."),
    "500": (500, "InternalError", "We encountered an internal error. Please try again."),
    "503": (503, "ServiceUnavailable", "Service is unable to handle request."),
    "503 SlowDown": (503, "SlowDown", "Please reduce your request rate."),
    "200-with-error-body": (200, "InternalError", "We encountered an internal error. Please try again."),
}


def matching(operation: str | None = None, key: str | None = None, bucket: str | None = None) -> Match:
    """A match on what is named; None matches everything."""

    def match(request: Request) -> bool:
        wanted = ((operation, request.operation), (key, request.key), (bucket, request.bucket))
        return all(want is None or want == got for want, got in wanted)

    return match


@dataclass
class _Rule:
    match: Match
    action: str | Answer
    skip: int
    times: int | None


class Faults:
    """Scripted faults, taken in the order they were added; the first that fits is the one that happens."""

    def __init__(self, error: Error) -> None:
        self._error = error
        self._rules: list[_Rule] = []
        self._lock = threading.Lock()

    def add(self, action: str | Answer, *, match: Match | None = None, times: int | None = 1, after: int = 0) -> None:
        """Script a fault for the next `times` requests that match (None: for all), once `after` have passed.

        `action` is "503 SlowDown", "503", "500", "429", "403", "404", "reset", "truncate-body-after:N",
        "delay:SECONDS", "200-with-error-body", or a callable that returns a Response (None: answer normally).
        """
        if isinstance(action, str) and action.partition(":")[0] not in {
            *_SIMPLE, "reset", "truncate-body-after", "delay"
        }:  # fmt: skip
            raise ValueError(f"there is no fault named {action!r}")
        with self._lock:
            self._rules.append(_Rule(match or matching(), action, after, times))

    def clear(self) -> None:
        """Forget every fault."""
        with self._lock:
            self._rules.clear()

    def _take(self, request: Request) -> str | Answer | None:
        with self._lock:
            for rule in self._rules:
                if rule.times == 0 or not rule.match(request):
                    continue
                if rule.skip:
                    rule.skip -= 1
                    continue
                rule.times = None if rule.times is None else rule.times - 1
                return rule.action
        return None

    def apply(self, request: Request, answer: Callable[[Request], Response]) -> Response:
        """What goes back for this request: a scripted fault, or what `answer` says."""
        action = self._take(request)
        if action is None:
            return answer(request)
        if not isinstance(action, str):
            return action(request) or answer(request)
        if action in _SIMPLE:
            return self._error(request, *_SIMPLE[action])
        if action == "reset":
            return Response(status=0, reset=True)
        name, _, amount = action.partition(":")
        response = answer(request)
        if name == "delay":
            response.wait += float(amount)
        else:
            response.cut_after = int(amount)
        return response
