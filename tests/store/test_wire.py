"""Raw answers of a server, byte by byte: what is plain is read, all else is refused, and nothing hangs."""

from __future__ import annotations

import os
import socket
import threading
import tracemalloc
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from s3dedup.errors import ReadOnlyViolationError
from s3dedup.store.wire import CHUNK, MOST_WORDS, OddAnswerError, Place, Reply, Wire, WireError, Wires
from tests.steps import finish

if TYPE_CHECKING:
    from collections.abc import Iterator

GET = b"GET /k HTTP/1.1\r\n\r\n"
HEAD = b"HEAD /k HTTP/1.1\r\n\r\n"
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"


@contextmanager
def saying(*answers: bytes, stays: bool = True) -> Iterator[Place]:
    """A server with one answer for each request, on as many connections as come; at the end it hangs up, or stays."""
    left, done = list(answers), threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while left:
                connection, _ = listening.accept()
                with connection:
                    while left and connection.recv(65536):
                        connection.sendall(left.pop(0))
                    if stays and not left:
                        done.wait()

        thread = threading.Thread(target=serve)
        thread.start()
        host, port = listening.getsockname()
        try:
            yield Place(host, port, None, 5, 5)
        finally:
            done.set()
            if left:  # it waits for a connection that will not come
                left.clear()
                socket.create_connection((host, port)).close()
            thread.join()


def asked(answer: bytes, request: bytes = GET, *, stays: bool = True) -> tuple[Reply, bytes]:
    """What comes of one request."""
    with saying(answer, stays=stays) as place, closing(Wire(place)) as wire:
        return wire.ask(request), b"".join(map(bytes, wire.body()))


def test_a_plain_answer_is_read_and_the_next_one_on_the_same_connection() -> None:
    with saying(PLAIN, PLAIN) as place, closing(Wire(place)) as wire:
        for _ in range(2):
            assert wire.ask(GET).status == 200
            assert b"".join(map(bytes, wire.body())) == b"body"
            assert wire.reusable


def answer_with(body: bytes) -> bytes:
    """A plain answer."""
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def test_a_long_body_comes_through_one_buffer_and_a_chunk_that_is_kept_is_no_longer_to_be_read() -> None:
    body, seen = os.urandom(4 * CHUNK), b""
    kept: list[memoryview] = []
    with saying(answer_with(body)) as place, closing(Wire(place)) as wire:
        wire.ask(GET)
        for chunk in wire.body():
            seen += chunk
            kept += [chunk] if isinstance(chunk, memoryview) else []
    assert seen == body
    assert len(kept) >= 4
    for view in kept:
        with pytest.raises(ValueError, match="released"):
            bytes(view)


def test_reading_a_long_body_takes_no_more_memory_than_a_buffer() -> None:
    body = bytes(8 * CHUNK)
    with saying(answer_with(body)) as place, closing(Wire(place)) as wire:
        wire.ask(GET)
        tracemalloc.start()
        length = sum(map(len, wire.body()))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert length == len(body)
    assert CHUNK <= peak < 2 * CHUNK


def test_header_names_are_in_lower_case_values_stripped_and_repeated_ones_joined() -> None:
    reply, _ = asked(b'HTTP/1.1 206 Partial\r\nETag: \t"x" \r\nA: 1\r\na:2\r\nContent-Length: 0\r\n\r\n')
    assert reply == Reply(206, {"etag": '"x"', "a": "1, 2", "content-length": "0"})


def test_an_answer_that_comes_byte_by_byte_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("s3dedup.store.wire.MOST_WORDS", 1)
    monkeypatch.setattr("s3dedup.store.wire.CHUNK", 1)
    with pytest.raises(OddAnswerError, match="too long"):
        asked(PLAIN)
    monkeypatch.setattr("s3dedup.store.wire.MOST_WORDS", 100)
    assert asked(PLAIN)[1] == b"body"


def test_a_head_has_no_body_whatever_its_length() -> None:
    with saying(b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n") as place, closing(Wire(place)) as wire:
        assert wire.ask(HEAD).headers == {"content-length": "999"}
        assert wire.reusable


@pytest.mark.parametrize(
    "framing",
    [
        b"content-length: 5\r\n\r\n<Err>",
        b"transfer-encoding: chunked\r\n\r\n5\r\n<Err>\r\n0\r\n\r\n",
        b"transfer-encoding: chunked\r\n\r\n2;x=y\r\n<E\r\n3\r\nrr>\r\n0\r\n\r\n",
    ],
)
def test_an_error_comes_with_its_body_also_in_chunks(framing: bytes) -> None:
    with saying(b"HTTP/1.1 403 Forbidden\r\n" + framing, PLAIN) as place, closing(Wire(place)) as wire:
        assert wire.ask(GET)[::2] == (403, b"<Err>")
        assert wire.reusable
        assert wire.ask(GET).status == 200
        assert list(wire.body()) == [b"body"]


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN,
        b"HTTP/1.1 2x0 OK\r\ncontent-length: 0\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nno length",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nbody",
        b"HTTP/1.1 200 OK\r\ncontent-length: -4\r\n\r\nbody",
        "HTTP/1.1 200 OK\r\ncontent-length: \u00b2\r\n\r\nbody".encode("latin-1"),
        b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n folded\r\n\r\nbody",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\nbody",
        b"HTTP/1.1 200 OK\r\n: no name\r\n\r\nbody",
        b"HTTP/1.1 200 OK\r\nx: " + b"x" * (2 * MOST_WORDS),
    ],
)
def test_what_is_not_plain_is_refused(answer: bytes) -> None:
    with pytest.raises(OddAnswerError):
        asked(answer)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.0 503 Service Unavailable\r\n\r\n<html>of a gateway",
        b"HTTP/1.1 500 Oops\r\n\r\nno length",
        b"HTTP/1.1 500 Oops\r\ntransfer-encoding: gzip\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 500 Oops\r\ncontent-length: 99999999\r\n\r\n" + b"x" * (2 * MOST_WORDS),
        b"HTTP/1.1 500 Oops\r\ntransfer-encoding: chunked\r\n\r\nfive\r\n<Err>\r\n0\r\n\r\n",
        b"HTTP/1.1 500 Oops\r\ntransfer-encoding: chunked\r\n\r\n-5\r\n<Err>\r\n0\r\n\r\n",
        b"HTTP/1.1 500 Oops\r\ntransfer-encoding: chunked\r\n\r\n5_0\r\n<Err>\r\n0\r\n\r\n",
        b"HTTP/1.1 500 Oops\r\ntransfer-encoding: chunked\r\n\r\n\r\n<Err>\r\n0\r\n\r\n",
        b"HTTP/1.1 500 Oops\r\ntransfer-encoding: chunked\r\n\r\n4\r\n<Err>\r\n0\r\n\r\n",
        b"HTTP/1.1 500 Oops\r\ntransfer-encoding: chunked\r\n\r\nfffffff\r\n<Err>",
        b"HTTP/1.1 500 Oops\r\ntransfer-encoding: chunked\r\n\r\n" + b"0" * (2 * MOST_WORDS),
    ],
)
def test_an_error_that_is_not_plain_is_one_attempt_that_failed(answer: bytes) -> None:
    with pytest.raises(WireError) as raised:
        asked(answer)
    assert not isinstance(raised.value, OddAnswerError)


PAGE = b"<Page>" + bytes(range(256)) * 1000 + b"</Page>"


def in_chunks(body: bytes, length: int) -> bytes:
    """A body in chunks of some length."""
    pieces = [body[start : start + length] for start in range(0, len(body), length)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n"


@pytest.mark.parametrize(
    "framed",
    [
        b"content-length: %d\r\n\r\n" % len(PAGE) + PAGE,
        *(b"transfer-encoding: chunked\r\n\r\n" + in_chunks(PAGE, length) + b"\r\n" for length in (1 << 20, 8192, 99)),
        b"transfer-encoding: chunked\r\n\r\n" + in_chunks(PAGE, 70_000) + b"x-checksum: abc\r\nx-more: 1\r\n\r\n",
    ],
    ids=["with its length", "in one chunk", "in chunks", "in small chunks", "with a trailer"],
)
def test_a_page_is_taken_whole_however_it_is_framed(framed: bytes) -> None:
    answer = b"HTTP/1.1 200 OK\r\n" + framed
    with saying(answer, answer) as place, closing(Wire(place)) as wire:
        for _ in range(2):
            assert finish(wire.asking(GET))[::2] == (200, PAGE)
            assert wire.reusable


@pytest.mark.parametrize("framed", [b"\r\n" + PAGE, b"transfer-encoding: gzip\r\n\r\n" + PAGE])
def test_a_page_of_unknown_length_is_refused_and_so_will_be_the_next_one(framed: bytes) -> None:
    with saying(b"HTTP/1.1 200 OK\r\n" + framed) as place, closing(Wire(place)) as wire, pytest.raises(OddAnswerError):
        finish(wire.asking(GET))


@pytest.mark.parametrize(
    "framing", [b"content-length: 99999999\r\n\r\n", b"transfer-encoding: chunked\r\n\r\nfffffff\r\n"]
)
def test_a_page_that_is_too_long_to_be_one_is_not_taken(framing: bytes) -> None:
    answer = b"HTTP/1.1 200 OK\r\n" + framing
    with (
        saying(answer) as place,
        closing(Wire(place)) as wire,
        pytest.raises(WireError, match="too long") as raised,
    ):
        finish(wire.asking(GET))
    assert not isinstance(raised.value, OddAnswerError)


CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n"


@pytest.mark.parametrize("length", range(len(CHUNKED)))
def test_a_page_in_chunks_that_breaks_off_anywhere_is_an_error(length: int) -> None:
    with (
        saying(CHUNKED[:length], stays=False) as place,
        closing(Wire(place)) as wire,
        pytest.raises(WireError, match=r"closed|reset"),
    ):
        finish(wire.asking(GET))


@pytest.mark.parametrize("length", range(len(PLAIN)))
def test_an_answer_that_breaks_off_anywhere_is_an_error(length: int) -> None:
    with pytest.raises(WireError, match=r"closed|did not come|reset"):
        asked(PLAIN[:length], stays=False)


def test_a_silent_server_is_an_error_after_the_timeout() -> None:
    with saying(PLAIN[:-1]) as place, closing(Wire(place._replace(read_timeout=0.05))) as wire:
        wire.ask(GET)
        with pytest.raises(WireError, match="timed out"):
            list(wire.body())


@pytest.mark.parametrize("place", [("127.0.0.1", 1), ("no-such-host.invalid", 80), ("a" * 70 + ".b", 80)])
def test_where_nobody_listens_is_an_error(place: tuple[str, int]) -> None:
    with pytest.raises(WireError):
        Wire(Place(*place, None, 5, 5))


@pytest.mark.parametrize("request_line", [b"PUT /k", b"POST /k?delete", b"DELETE /k", b"get /k", b"GETX /k", b""])
def test_nothing_but_a_read_is_written(request_line: bytes) -> None:
    with saying(PLAIN) as place, closing(Wire(place)) as wire:
        with pytest.raises(ReadOnlyViolationError):
            wire.ask(request_line + b" HTTP/1.1\r\n\r\n")
        assert wire.ask(GET).status == 200  # which is the first thing that the server hears


# The pool


def taken(wires: Wires) -> Wire:
    """A connection that has answered, given back."""
    wire = wires.take()
    wire.ask(GET)
    assert list(wire.body()) == [b"body"]
    wires.give(wire)
    return wire


def test_a_connection_is_used_again() -> None:
    with saying(PLAIN, PLAIN) as place, closing(Wires(place, 2)) as wires:
        assert taken(wires) is taken(wires)


@pytest.mark.parametrize(
    "first",
    [
        PLAIN.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n"),
        PLAIN + b"and more than it said",
    ],
)
def test_a_connection_that_will_not_stay_is_not_used_again(first: bytes) -> None:
    with saying(first, PLAIN, stays=False) as place, closing(Wires(place, 2)) as wires:
        assert not taken(wires).reusable


def test_a_body_that_is_not_read_to_its_end_is_not_taken_for_the_next_answer() -> None:
    with saying(PLAIN) as place, closing(Wires(place, 2)) as wires:
        wire = wires.take()
        wire.ask(GET)
        wires.give(wire)
        assert not wire.reusable


def test_no_more_connections_stay_open_than_are_wanted() -> None:
    with saying(PLAIN) as place, closing(Wires(place, 0)) as wires:
        assert not taken(wires).reusable


def test_what_is_given_back_after_the_end_is_closed() -> None:
    with saying(PLAIN) as place:
        wires = Wires(place, 2)
        wire = wires.take()
        wires.close()
        wires.give(wire)
        assert not wire.reusable


def test_a_forked_child_leaves_its_parents_connections_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with saying(PLAIN, PLAIN) as place, closing(Wires(place, 2)) as wires:
        before = taken(wires)
        child = os.getpid() + 1
        monkeypatch.setattr(os, "getpid", lambda: child)
        with closing(wires.take()) as wire:
            assert wire is not before
