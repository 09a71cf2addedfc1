"""HTTP/1.1 for small answers: connections that stay open, and a reader that takes plain answers only.

`http.client` spends three times as long on a small answer as this does. What makes it short is what it refuses: an
object without a Content-Length or in chunks, or another version of HTTP, is an `OddAnswerError`, and boto3's work.
Errors and pages of listings are taken whole, also in chunks, as AWS sends them.
"""

from __future__ import annotations

import os
import select
import socket
import ssl
from collections import deque
from collections.abc import Generator, Iterator
from http import HTTPStatus
from typing import NamedTuple, TypeVar

from s3dedup.errors import ReadOnlyViolationError
from s3dedup.store.steps import Readiness, Steps

T = TypeVar("T")

CHUNK = 1 << 19
"""At most so many bytes at once: what was received is still in the processor's cache when it is hashed."""
Chunk = bytes | memoryview
"""Some bytes of a body, gone when the next are asked for: see `BodyReader.read_range`."""
MOST_WORDS = 1 << 16
"""No head, no error, and no other line is longer (bytes)."""
MOST_DIGITS = 16
"""The size of a chunk is not written longer."""
MOST_PAGE = 1 << 25
"""No page of a listing is longer (bytes): 1,000 keys of 1,024 bytes, each of them escaped, take 3 MB."""


Receiving = Generator[int, bytes, T]
"""The reading of an answer, whoever waits for it: it yields how many bytes it takes at most, and is sent some."""


class WireError(Exception):
    """The connection could not be made, broke, or was silent for too long."""


class OddAnswerError(WireError):
    """What came is no plain HTTP/1.1 answer with a length, and the next one will not be either. An error that looks odd
    is not one of these: it may be a gateway's, and soon be over.
    """


class _TooLongError(WireError):
    """Something has no end where it should have one."""


class Reply(NamedTuple):
    """The head of an answer, names in lower case; with an error, and where all of it was wanted, also its body."""

    status: int
    headers: dict[str, str]
    body: bytes = b""


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
        except OSError as error:
            self._socket.close()
            raise WireError(str(error)) from error
        self._timeout = place.read_timeout
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
        """Send a request and read the head of its answer, and of an error the body too.

        Raises:
            OddAnswerError: it is not plain.
            WireError: it broke before all of that was there.
            ReadOnlyViolationError: the request is no read.
        """
        _check_read(request)
        receiving = self._answer(request, whole=False)
        try:
            self._socket.settimeout(self._timeout)
            self._socket.sendall(request)
            most = next(receiving)
            while True:
                most = receiving.send(self._more(most))
        except StopIteration as end:
            reply: Reply = end.value
            return reply
        except OSError as error:
            raise WireError(str(error)) from error

    def asking(self, request: bytes) -> Steps[Reply]:
        """Send a request and take its answer whole, step by step.

        Raises:
            OddAnswerError, WireError, ReadOnlyViolationError: as for `ask`.
        """
        _check_read(request)
        receiving = self._answer(request, whole=True)
        try:
            self._socket.settimeout(0)
            yield from self._sending(request)
            most = next(receiving)
            while True:
                most = receiving.send((yield from self._coming(most)))
        except StopIteration as end:
            reply: Reply = end.value
            return reply
        except OSError as error:
            raise WireError(str(error)) from error

    def _sending(self, request: bytes) -> Steps[None]:
        left = request
        while left:
            try:
                left = left[self._socket.send(left) :]
            except (BlockingIOError, ssl.SSLWantWriteError):
                yield from self._until_ready(writing=True)
            except ssl.SSLWantReadError:
                yield from self._until_ready(writing=False)

    def _coming(self, most: int) -> Steps[bytes]:
        """What comes next, when it comes."""
        while True:
            try:
                return self._more(most)
            except (BlockingIOError, ssl.SSLWantReadError):
                yield from self._until_ready(writing=False)
            except ssl.SSLWantWriteError:
                yield from self._until_ready(writing=True)

    def _until_ready(self, *, writing: bool) -> Steps[None]:
        if not (yield Readiness(self._socket, writing, self._timeout)):
            raise WireError("timed out")

    def _answer(self, request: bytes, *, whole: bool) -> Receiving[Reply]:
        reply = _parsed((yield from self._head()))
        self._stays = reply.headers.get("connection", "").lower() != "close"
        if request.startswith(b"HEAD "):
            return reply
        if reply.status >= HTTPStatus.MULTIPLE_CHOICES:
            return reply._replace(body=(yield from self._whole_body(reply.headers, MOST_WORDS, WireError)))
        if whole:
            return reply._replace(body=(yield from self._whole_body(reply.headers, MOST_PAGE, OddAnswerError)))
        length = _length(reply.headers)
        if length is None:
            raise OddAnswerError("it does not say how long its body is")
        self._left = length
        return reply

    def _whole_body(self, headers: dict[str, str], most: int, trouble: type[WireError]) -> Receiving[bytes]:
        """A page of a listing, or what explains an error: at most so many bytes. AWS sends both in chunks."""
        length = _length(headers)
        if length is not None:
            return (yield from self._exactly(length, most))
        if headers.get("transfer-encoding") != "chunked":
            raise trouble("it does not say how long its body is")
        return (yield from self._chunks(most))

    def _chunks(self, most: int) -> Receiving[bytes]:
        """A chunked body (RFC 9112, 7.1); what its sender adds behind it is passed over."""
        chunks: list[bytes] = []
        while size := _chunk_size((yield from self._until(b"\r\n"))):
            chunks.append((yield from self._exactly(size, most)))
            most -= size
            if (yield from self._until(b"\r\n")):
                raise WireError("its chunks make no sense")
        while (yield from self._until(b"\r\n")):
            pass
        return b"".join(chunks)

    def _exactly(self, length: int, most: int) -> Receiving[bytes]:
        """The next so many bytes of an answer."""
        if length > most:
            raise WireError("its body is too long")
        pieces, self._ahead = [self._ahead[:length]], self._ahead[length:]
        missing = length - len(pieces[0])
        while missing:
            pieces.append((yield min(missing, CHUNK)))
            missing -= len(pieces[-1])
        return b"".join(pieces)

    def _head(self) -> Receiving[bytes]:
        try:
            return (yield from self._until(b"\r\n\r\n"))
        except _TooLongError as error:
            raise OddAnswerError("its head is too long") from error

    def _until(self, end: bytes) -> Receiving[bytes]:
        """What comes before this end, which is passed over."""
        received = self._ahead
        while (at := received.find(end)) < 0:
            if len(received) > MOST_WORDS:
                raise _TooLongError("a line of it is too long")
            received += yield MOST_WORDS
        self._ahead = received[at + len(end) :]
        return received[:at]

    def _more(self, most: int) -> bytes:
        received = self._socket.recv(most)
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
        return self.idle() or self.new()

    def new(self) -> Wire:
        """A new connection. Raises as `take` does."""
        return Wire(self._place)

    def idle(self) -> Wire | None:
        """The connection that was used last, if one is idle."""
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
        return None

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


def _check_read(request: bytes) -> None:
    if not request.startswith((b"HEAD ", b"GET ")):
        raise ReadOnlyViolationError(request.partition(b"?")[0].decode("latin-1"))


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


def _chunk_size(line: bytes) -> int:
    """What the line before a chunk says; extensions are passed over."""
    size = line.partition(b";")[0].strip(b" \t")
    if not 0 < len(size) <= MOST_DIGITS or size.strip(b"0123456789abcdefABCDEF"):
        raise WireError("its chunks make no sense")
    return int(size, 16)
