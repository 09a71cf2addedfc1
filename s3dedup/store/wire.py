"""HTTP/1.1 for small answers: connections that stay open, and a reader that takes plain answers only.

`http.client` spends three times as long on a small answer as this does. What makes it short is what it refuses: an
object without a Content-Length or in chunks, or another version of HTTP, is an `OddAnswerError`, and boto3's work.
"""

from __future__ import annotations

import os
import select
import socket
import ssl
from collections import deque
from collections.abc import Iterator
from http import HTTPStatus
from typing import NamedTuple

from s3dedup.errors import ReadOnlyViolationError

CHUNK = 1 << 19
"""At most so many bytes at once: what was received is still in the processor's cache when it is hashed."""
Chunk = bytes | memoryview
"""Some bytes of a body, gone when the next are asked for: see `BodyReader.read_range`."""
MOST_WORDS = 1 << 16
"""No head, and no error, is longer (bytes)."""
LAST_CHUNK = b"0\r\n\r\n"


class WireError(Exception):
    """The connection could not be made, broke, or was silent for too long."""


class OddAnswerError(WireError):
    """What came is no plain HTTP/1.1 answer with a length, and the next one will not be either. An error that looks odd
    is not one of these: it may be a gateway's, and soon be over.
    """


class Reply(NamedTuple):
    """The head of an answer, names in lower case; with an error also its body."""

    status: int
    headers: dict[str, str]
    error: bytes = b""


class Place(NamedTuple):
    """Where to connect; `tls` is None for plain HTTP. Times are seconds."""

    host: str
    port: int
    tls: ssl.SSLContext | None
    connect_timeout: float
    read_timeout: float


class Wire:
    """One connection. Once `ask` has returned, the body must be read to its end before it may be asked again.

    Raises:
        WireError: there is none to be had.
    """

    def __init__(self, place: Place) -> None:
        try:
            self._socket = socket.create_connection((place.host, place.port), place.connect_timeout)
        except (OSError, UnicodeError) as error:  # UnicodeError: a host that cannot be one
            raise WireError(str(error)) from error
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if place.tls is not None:
                self._socket = place.tls.wrap_socket(self._socket, server_hostname=place.host)
            self._socket.settimeout(place.read_timeout)
        except OSError as error:
            self._socket.close()
            raise WireError(str(error)) from error
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)
        self._ahead = b""
        self._left = 0
        self._stays = True

    @property
    def reusable(self) -> bool:
        """Whether the next request may go this way: nothing is left of the last answer, and the other side has neither
        hung up nor said more than it should.
        """
        return self._stays and not self._left and not self._ahead and not self._poll.poll(0)

    def ask(self, request: bytes) -> Reply:
        """Send a request and read the head of its answer; the body of an error, too.

        Raises:
            OddAnswerError: it is not plain.
            WireError: it broke before all of that was there.
            ReadOnlyViolationError: the request is no read.
        """
        if not request.startswith((b"HEAD ", b"GET ")):
            raise ReadOnlyViolationError(request.partition(b"?")[0].decode("latin-1"))
        try:
            self._socket.sendall(request)
            reply = _parsed(self._head())
            self._stays = reply.headers.get("connection", "").lower() != "close"
            if request.startswith(b"HEAD "):
                return reply
            if reply.status >= HTTPStatus.MULTIPLE_CHOICES:
                return reply._replace(error=self._short_body(reply.headers))
        except OSError as error:
            raise WireError(str(error)) from error
        length = _length(reply.headers)
        if length is None:
            raise OddAnswerError("it does not say how long its body is")
        self._left = length
        return reply

    def _short_body(self, headers: dict[str, str]) -> bytes:
        """What explains an error. AWS sends that in chunks."""
        length = _length(headers)
        if length is None and headers.get("transfer-encoding") != "chunked":
            raise WireError("it does not say how long its error is")
        received, self._ahead = self._ahead, b""
        while not received.endswith(LAST_CHUNK) if length is None else len(received) < length:
            received += self._more()
            if len(received) > MOST_WORDS:
                raise WireError("its error is too long")
        return _joined(received) if length is None else received

    def _head(self) -> bytes:
        received = b""
        while (end := received.find(b"\r\n\r\n")) < 0:
            if len(received) > MOST_WORDS:
                raise OddAnswerError("its head is too long")
            received += self._more()
        self._ahead = received[end + 4 :]
        return received[:end]

    def _more(self) -> bytes:
        received = self._socket.recv(MOST_WORDS)
        if not received:
            raise WireError("the connection was closed before the answer was whole")
        return received

    def body(self) -> Iterator[Chunk]:
        """The rest of the answer, as it comes, all of it in one buffer: a new one for each chunk would leave the heap
        of each thread in pieces, and the process growing. A chunk that is kept for longer cannot be read any more.

        Raises:
            WireError: it broke before the whole body was there.
        """
        ahead, self._ahead = self._ahead[: self._left], self._ahead[self._left :]
        self._left -= len(ahead)
        if ahead:
            yield ahead
        buffer = bytearray(min(self._left, CHUNK))
        while self._left:
            with memoryview(buffer)[: self._received(buffer)] as chunk:
                yield chunk

    def _received(self, buffer: bytearray) -> int:
        """How many bytes of the body have come into the buffer."""
        try:
            count = self._socket.recv_into(buffer, min(self._left, len(buffer)))
        except OSError as error:
            raise WireError(str(error)) from error
        if not count:
            raise WireError(f"{self._left} bytes of the body did not come")
        self._left -= count
        return count

    def close(self) -> None:
        """Hang up."""
        self._stays = False
        self._socket.close()


class Wires:
    """The connections to one place that are open and idle; safe to use from many threads, and after a fork."""

    def __init__(self, place: Place, most: int) -> None:
        self._place = place
        self._most = most
        self._idle: deque[Wire] = deque()
        self._owner = os.getpid()

    def take(self) -> Wire:
        """A connection for the caller alone: the one that was used last, or a new one.

        Raises:
            WireError: there is none to be had.
        """
        if self._owner != os.getpid():  # this process was forked: what is open belongs to its parent
            self._hang_up()
            self._owner = os.getpid()
        while self._idle:
            try:
                wire = self._idle.pop()
            except IndexError:  # another thread took it
                break
            if wire.reusable:
                return wire
            wire.close()
        return Wire(self._place)

    def give(self, wire: Wire) -> None:
        """Take a connection back; it is kept if it can be used again."""
        if wire.reusable and len(self._idle) < self._most:
            self._idle.append(wire)
        else:
            wire.close()

    def close(self) -> None:
        """Hang up those that are idle now, and each other one when it is given back."""
        self._most = 0
        self._hang_up()

    def _hang_up(self) -> None:
        while self._idle:
            self._idle.pop().close()


def _parsed(head: bytes) -> Reply:
    """A status line and headers; repeated ones are joined (RFC 9110, 5.3)."""
    first, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    if rest[:1] == "5" and version != "HTTP/1.1":
        raise WireError("a gateway failed")
    if version != "HTTP/1.1" or rest[:1] not in tuple("2345") or not rest[:3].isdecimal():
        raise OddAnswerError(f"it begins with {first[:80]!r}")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or name[:1] in " \t":
            raise OddAnswerError("it has a header without a name")
        name, value = name.lower(), value.strip(" \t")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return Reply(int(rest[:3]), headers)


def _length(headers: dict[str, str]) -> int | None:
    length = headers.get("content-length", "")
    plain = "transfer-encoding" not in headers and length.isascii() and length.isdecimal()
    return int(length) if plain else None


def _joined(chunks: bytes) -> bytes:
    """What a chunked body says (RFC 9112, 7.1)."""
    body = b""
    try:
        while chunks:
            size, _, rest = chunks.partition(b"\r\n")
            length = int(size.partition(b";")[0], 16)
            body, chunks = body + rest[:length], rest[length + 2 :]
    except ValueError as error:
        raise WireError("its chunks make no sense") from error
    return body
