"""The short way to S3 for HEAD and GET of objects, and for pages of listings: boto3 takes ten times the CPU
(tests/benchmarks/bench_transport.py).

boto3 stays the owner of everything but the plain case. The first request of each kind to a bucket is its own, and so is
each one that is answered with anything but success or a plain refusal: it is sent again with all of boto3's retries,
redirects and errors. So an attempt of the short way is one more than boto3's own, and never the last word on trouble.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, NamedTuple, Protocol

from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError, create_parser
from botocore.utils import get_environ_proxies

from s3dedup.store.client import Connected, tls_settings
from s3dedup.store.meter import SLOW_DOWN, Meter
from s3dedup.store.pages import is_listing
from s3dedup.store.routes import METHODS, Route, UnsendableError, is_signed_by
from s3dedup.store.signing import Credentials
from s3dedup.store.steps import Steps
from s3dedup.store.wire import Chunk, OddAnswerError, Place, Reply, Wire, WireError, Wires

FINAL = frozenset({"AccessDenied", "InvalidObjectState", "NoSuchKey", "NoSuchVersion", "PreconditionFailed"})
"""Errors of one object that asking again does not change. The answer to a HEAD has no code but its status."""
FINAL_HEAD = frozenset({"403", "404"})
ANSWERED = frozenset({HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT})
FIRST_DELAY = 1.0
"""Seconds, at most, before what was too much is asked again: botocore's first delay in standard mode."""


class Body(Protocol):
    """Bytes that are still to come, as boto3's `StreamingBody` gives them."""

    def iter_chunks(self, chunk_size: int, /) -> Iterator[Chunk]:
        """The bytes, at most `chunk_size` at once; each chunk is gone when the next is asked for."""

    def close(self) -> None:
        """Take no more of them."""


class NoBody:
    """That of a HEAD."""

    def iter_chunks(self, _: int) -> Iterator[Chunk]:
        """See `Body.iter_chunks`."""
        return iter(())

    def close(self) -> None:
        """See `Body.close`."""


class Answer(NamedTuple):
    """What a store answered: headers with names in lower case, and the body, to be closed."""

    headers: Mapping[str, str]
    body: Body = NoBody()


class WireBody:
    """A body that is on its way on a connection of the pool."""

    def __init__(self, wires: Wires, wire: Wire) -> None:
        self._wires = wires
        self._wire = wire

    def iter_chunks(self, _: int) -> Iterator[Chunk]:
        """See `Body.iter_chunks`; the wire's chunks are never longer.

        Raises:
            WireError: it broke off.
        """
        return self._wire.body()

    def close(self) -> None:
        """Give the connection back; one that is not at the end of its answer is closed there."""
        self._wires.give(self._wire)


Answered = tuple[Wires, Wire, Reply]
"""An answer that is no refusal, the connection on which it came, and where that is to be given back."""


class FastWay:
    """Sends what boto3 would send, once it has been seen to; safe to use from many threads, and after a fork."""

    def __init__(self, connected: Connected, meter: Meter) -> None:
        self._client, self._credentials, self._verify = connected
        self._meter = meter
        self._parser = create_parser("rest-xml")
        self._events = self._client.meta.events
        self._routes: dict[tuple[str, str], Route | None] = {}
        self._wires: dict[str, Wires] = {}
        self._seen = threading.local()
        self._possible = _is_direct(self._client.meta)
        self._events.register_last("before-send.s3", self._see)

    def _see(self, *, request: Any, **_: object) -> None:  # noqa: ANN401  botocore is untyped
        """Keep what this thread sent last."""
        self._seen.request = request

    def learn(self, operation: str, parameters: Mapping[str, Any]) -> None:
        """Look at the request that this thread has just sent with boto3, and that was answered well."""
        key, sent = (parameters["Bucket"], operation), self._seen.request
        refused = key in self._routes and self._routes[key] is None
        if refused or not self._possible:
            return
        keys, route = self._keys(), Route.learn(sent, parameters)
        if keys is None or is_signed_by(sent, keys):  # else they were refreshed just now: another time
            same = route is not None and route.sends_the_same(sent, operation, parameters, keys)
            self._routes[key] = route if same else None

    def _keys(self) -> Credentials | None:
        """The credentials of this moment: where they expire, this refreshes them."""
        if self._credentials is None:
            return None
        frozen = self._credentials.get_frozen_credentials()
        return Credentials(frozen.access_key, frozen.secret_key, frozen.token)

    def ask(self, operation: str, parameters: Mapping[str, Any]) -> Answer | None:
        """Ask for an object the short way; None where boto3 is to ask.

        Raises:
            ClientError: as boto3 raises it, for one of the errors that are final.
            BotoCoreError: there are no credentials any more.
            ReadOnlyViolationError: that is no read.
        """
        answered = self._answered(operation, parameters)
        if answered is None:
            return None
        wires, wire, reply = answered
        if METHODS[operation] == "GET":
            return Answer(reply.headers, WireBody(wires, wire))
        wires.give(wire)
        return Answer(reply.headers)

    def page(self, operation: str, parameters: Mapping[str, Any]) -> Steps[bytes | None]:
        """Ask for a page of a listing the short way, step by step; None where boto3 is to ask, as after an error inside
        a 200.

        Raises:
            ClientError, BotoCoreError, ReadOnlyViolationError: as for `ask`.
        """
        route = self._route(operation, parameters)
        if route is None:
            return None
        try:
            packed, wires = self._request(route, operation, parameters)
            wire: Wire = wires.idle() or (yield wires.new)
            try:
                reply = yield from wire.asking(packed)
            except BaseException:  # also where nobody wants the answer any more
                wire.close()
                raise
            self._meter.answered(reply.status)
            wires.give(wire)
            if reply.status in ANSWERED:
                return reply.body if is_listing(reply.body) else None
            yield partial(self._refused, operation, reply)
        except WireError as error:
            self._failed(error, operation, parameters)
        except UnsendableError:
            pass
        return None

    def _answered(self, operation: str, parameters: Mapping[str, Any]) -> Answered | None:
        """What was answered well, where there is a route."""
        route = self._route(operation, parameters)
        if route is None:
            return None
        try:
            packed, wires = self._request(route, operation, parameters)
            wire = wires.take()
            try:
                reply = wire.ask(packed)
            except BaseException:
                wire.close()
                raise
            self._meter.answered(reply.status)
            if reply.status in ANSWERED:
                return wires, wire, reply
            wires.give(wire)
            self._refused(operation, reply)
        except WireError as error:
            self._failed(error, operation, parameters)
        except UnsendableError:
            pass
        return None

    def _route(self, operation: str, parameters: Mapping[str, Any]) -> Route | None:
        return self._routes.get((parameters["Bucket"], operation))

    def _failed(self, error: WireError, operation: str, parameters: Mapping[str, Any]) -> None:
        """Leave trouble on the way to boto3, and where it would come again, all further requests too."""
        if isinstance(error, OddAnswerError):
            self._routes[parameters["Bucket"], operation] = None

    def _request(self, route: Route, operation: str, parameters: Mapping[str, Any]) -> tuple[bytes, Wires]:
        """What is sent, and by which connections."""
        request = route.request(operation, parameters, self._keys())
        packed, wires = request.to_bytes(), self._to(route)
        # The guard and the meter hang here, as for boto3's own requests; and whoever answers in place of a server.
        taken_over = self._events.emit(f"before-send.s3.{operation}", request=request)
        if any(response is not None for _, response in taken_over):
            raise OddAnswerError("another one answers")
        return packed, wires

    def _refused(self, operation: str, reply: Reply) -> None:
        """Raise what is final; be in no hurry where the store is asked too much, as botocore would not be."""
        error = self._error(operation, reply)
        if error is not None:
            raise error
        if reply.status in SLOW_DOWN:
            time.sleep(random.random() * FIRST_DELAY)  # noqa: S311  no secret

    def _error(self, operation: str, reply: Reply) -> ClientError | None:
        model = self._client.meta.service_model.operation_model(operation)
        answer = {"status_code": reply.status, "headers": reply.headers, "body": reply.body}
        try:
            parsed: Any = self._parser.parse(answer, model.output_shape)
        except ResponseParserError:
            return None
        final = FINAL if METHODS[operation] == "GET" else FINAL_HEAD
        return ClientError(parsed, operation) if parsed.get("Error", {}).get("Code") in final else None

    def _to(self, route: Route) -> Wires:
        if route.origin not in self._wires:
            config = self._client.meta.config
            tls = tls_settings(self._verify) if route.origin.startswith("https:") else None
            made = Wires(
                Place(*route.address, tls, config.connect_timeout, config.read_timeout), config.max_pool_connections
            )
            self._wires.setdefault(route.origin, made)
        return self._wires[route.origin]

    def close(self) -> None:
        """Close the connections that are idle."""
        for wires in self._wires.values():
            wires.close()


def _is_direct(meta: Any) -> bool:  # noqa: ANN401  botocore is untyped
    """Whether nothing but plain TCP or TLS leads to the endpoint: proxies and client certificates are boto3's."""
    url, config = meta.endpoint_url, meta.config
    proxies = get_environ_proxies(url) if config.proxies is None else config.proxies
    return not (config.client_cert or url.partition(":")[0] in proxies)
