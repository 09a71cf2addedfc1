"""The short way on the wire: when it is taken, when boto3 asks instead, and that nobody can tell the difference."""

from __future__ import annotations

import os
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.credentials import RefreshableCredentials

from s3dedup.errors import (
    CredentialsError,
    ObjectArchivedError,
    ObjectChangedError,
    ObjectDeniedError,
    ObjectUnreadableError,
    ObjectVanishedError,
    ReadOnlyViolationError,
    S3DedupError,
)
from s3dedup.store import S3Store, fast
from s3dedup.store.fast import FastWay
from s3dedup.store.routes import METHODS
from s3dedup.store.wire import Wire
from tests.fakes3 import FakeS3, Request, Response, matching
from tests.store.helpers import listed, open_store, read, warm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from s3dedup.model import ListedObject

    Break: TypeAlias = Callable[[FakeS3], object]
    Wrong: TypeAlias = Callable[[ListedObject], Response]

BODY = bytes(range(256)) * 40


@pytest.fixture
def row(fake: FakeS3) -> ListedObject:
    """An object of a few KiB."""
    return listed(fake.put("b", "a b//é", BODY, parts=4096))


@pytest.fixture
def warmed(store: S3Store, row: ListedObject) -> S3Store:
    """A store that goes the short way to bucket `b`."""
    warm(store, row)
    return store


@pytest.fixture
def by_boto3(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The operations that boto3 was asked for, from now on."""
    asked: list[str] = []
    original = S3Store._ask_boto3  # noqa: SLF001  to see who asks is all this is for

    def ask(store: S3Store, operation: str, parameters: dict[str, Any]) -> fast.Answer:
        asked.append(operation)
        return original(store, operation, parameters)

    monkeypatch.setattr(S3Store, "_ask_boto3", ask)
    return asked


def requests(fake: FakeS3) -> list[tuple[object, ...]]:
    """All that the server was told, but for what is new with each request."""
    new = {"x-amz-date", "authorization", "amz-sdk-invocation-id"}
    return [
        (entry.method, entry.key, entry.query, {k: v for k, v in entry.headers.items() if k not in new})
        for entry in fake.log
    ]


# What is asked


@pytest.mark.parametrize(
    "options",
    [{}, {"requester_pays": True}, {"no_sign_request": True, "access_key": None, "secret_key": None}],
    ids=["signed", "requester pays", "unsigned"],
)
@pytest.mark.parametrize("version", [False, True])
def test_the_second_time_the_same_is_sent_and_learnt_without_boto3(
    options: dict[str, Any], version: bool, fake: FakeS3, by_boto3: list[str]
) -> None:
    fake.bucket("b", versioning="Enabled")
    row = listed(fake.put("b", "a b//é?&%2F", BODY, parts=4096, encryption="SSE-KMS"), version=version)
    with closing(open_store(fake, **options)) as store:

        def everything() -> tuple[object, ...]:
            fake.log.clear()
            heads = [store.head("b", row, layout=layout) for layout in (True, False)]
            return heads, store.part("b", row, 2), read(store, row, 5, 5000), requests(fake)

        first = everything()
        assert by_boto3 == ["HeadObject", "GetObject"]
        assert everything() == first
        assert by_boto3 == ["HeadObject", "GetObject"]


def test_a_route_is_learnt_for_each_bucket_and_kind_of_request(
    fake: FakeS3, store: S3Store, row: ListedObject, by_boto3: list[str]
) -> None:
    other = listed(fake.put("other", "k", BODY))
    for _ in range(2):
        warm(store, row)
        warm(store, other, "other")
    assert by_boto3 == ["HeadObject", "GetObject"] * 2


def test_many_threads_read_what_is_there_and_every_request_and_byte_is_counted(
    fake: FakeS3, store: S3Store, by_boto3: list[str]
) -> None:
    rows = [listed(fake.put("b", f"{number}", BODY[number:])) for number in range(64)]
    warm(store, rows[0])
    by_boto3.clear()
    with ThreadPoolExecutor(16) as pool:
        bodies = list(pool.map(lambda row: read(store, row), rows))
        heads = list(pool.map(lambda row: store.head("b", row, layout=False).size, rows))
    assert (bodies, heads) == ([BODY[number:] for number in range(64)], [row.size for row in rows])
    assert not by_boto3
    counted = store.meter.counted()
    assert (counted.heads, counted.gets) == (fake.count("HeadObject"), fake.count("GetObject")) == (65, 65)
    assert counted.bytes_read == sum(entry.body_bytes for entry in fake.log)


@pytest.mark.parametrize("number", range(3))
def test_a_bucket_in_another_region_is_asked_there_the_short_way(
    number: int, fake: FakeS3, store: S3Store, by_boto3: list[str]
) -> None:
    fake.bucket("b", region="eu-central-1", region_error="redirect" if number else "malformed")
    row = listed(fake.put("b", "k", BODY))
    warm(store, row)
    by_boto3.clear()
    fake.log.clear()
    warm(store, row)
    assert not by_boto3
    assert {(entry.request.region, entry.status) for entry in fake.log} == {("eu-central-1", 206)}


def test_a_bucket_that_moves_is_followed(fake: FakeS3, warmed: S3Store, row: ListedObject, by_boto3: list[str]) -> None:
    fake.bucket("b", region="ap-south-1").store(fake.put("elsewhere", row.key, BODY, parts=4096))
    warm(warmed, row)
    assert by_boto3 == ["HeadObject", "GetObject"]
    warm(warmed, row)
    assert len(by_boto3) == 2


# Who signs


def expiring(monkeypatch: pytest.MonkeyPatch, vault: Iterator[dict[str, str]]) -> Callable[[], None]:
    """Have every session find credentials from this vault; the result makes them expire."""
    found = RefreshableCredentials.create_from_metadata(next(vault), lambda: next(vault), "test")
    monkeypatch.setattr("botocore.session.Session.get_credentials", lambda _: found)
    return lambda: setattr(found, "_expiry_time", datetime.now(UTC))


def vault_of(*numbers: int) -> Iterator[dict[str, str]]:
    """New credentials each time, good for an hour; in the end there are none."""
    for number in numbers:
        expiry = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        yield {"access_key": f"K{number}", "secret_key": "s", "token": f"token-K{number}", "expiry_time": expiry}
    while True:
        yield {"access_key": ""}


def test_credentials_that_expire_in_mid_run_are_refreshed_and_the_short_way_goes_on(
    fake: FakeS3, row: ListedObject, by_boto3: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    expire = expiring(monkeypatch, vault_of(1, 2, 3))
    with closing(open_store(fake, access_key=None, secret_key=None)) as store:
        for _ in range(3):
            warm(store, row)
            warm(store, row)
            expire()
    tokens = [entry.headers["x-amz-security-token"] for entry in fake.log]
    signed_by = [entry.headers["authorization"].partition("Credential=")[2].partition("/")[0] for entry in fake.log]
    assert signed_by == [f"K{number}" for number in (1, 2, 3) for _ in range(4)]
    assert tokens == [f"token-{access_key}" for access_key in signed_by]
    assert by_boto3 == ["HeadObject", "GetObject"]


def test_credentials_that_cannot_be_refreshed_any_more_end_the_audit(
    fake: FakeS3, row: ListedObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    expire = expiring(monkeypatch, vault_of(1))
    with closing(open_store(fake, access_key=None, secret_key=None)) as store:
        warm(store, row)
        expire()
        with pytest.raises(CredentialsError):
            store.head("b", row, layout=True)


# When boto3 asks instead


@pytest.mark.parametrize("fault", ["503 SlowDown", "503", "500", "429", "reset"])
def test_what_fails_is_asked_for_again_with_all_of_boto3s_retries(
    fault: str, fake: FakeS3, warmed: S3Store, row: ListedObject, by_boto3: list[str]
) -> None:
    before = warmed.meter.counted()
    fake.faults.add(fault, times=3)
    assert warmed.head("b", row, layout=True).parts == 3
    fake.faults.add(fault, times=3)
    assert read(warmed, row) == BODY
    assert by_boto3 == ["HeadObject", "GetObject"]
    after = warmed.meter.counted()
    assert (after.heads - before.heads, after.gets - before.gets) == (4, 4)
    assert after.slow_downs == (0 if fault in {"500", "reset"} else 6)
    warm(warmed, row)
    assert len(by_boto3) == 2


def test_where_too_much_is_asked_nobody_asks_again_at_once(
    fake: FakeS3, warmed: S3Store, row: ListedObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(fast, "FIRST_DELAY", 1)
    monkeypatch.setattr("s3dedup.store.fast.time.sleep", slept.append)
    fake.faults.add("503 SlowDown")
    warmed.head("b", row, layout=True)
    assert 0 < slept[0] < 1


def test_a_connection_that_the_server_closed_between_two_requests_costs_nothing(
    fake: FakeS3, warmed: S3Store, row: ListedObject, by_boto3: list[str]
) -> None:
    for _ in range(3):
        fake.faults.add(f"truncate-body-after:{len(BODY)}", match=matching("GetObject"))
        assert read(warmed, row) == BODY
        wait_for_hang_up(warmed)
    assert not by_boto3
    assert fake.count("GetObject") == warmed.meter.counted().gets == 4


def wait_for_hang_up(store: S3Store) -> None:
    """Let the server close the connection that was used last."""
    (wires,) = store._fast._wires.values()  # noqa: SLF001  nobody else can see it
    deadline = time.monotonic() + 10
    while any(wire.reusable for wire in wires._idle):  # noqa: SLF001  same
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_an_object_in_chunks_is_read_by_boto3_and_so_are_all_others_of_the_bucket(
    fake: FakeS3, warmed: S3Store, row: ListedObject, by_boto3: list[str]
) -> None:
    def in_chunks(request: Request) -> Response:
        start, _, last = (request.range or "").removeprefix("bytes=").partition("-")
        headers = {"etag": f'"{row.etag}"', "content-range": f"bytes {start}-{last}/{row.size}"}
        return Response(206, headers, BODY[int(start) : int(last) + 1], chunked=True)

    fake.faults.add(in_chunks, match=matching("GetObject"), times=None)
    for _ in range(3):
        assert read(warmed, row, 7, 5000) == BODY[7:5000]
    assert by_boto3 == ["GetObject"] * 3
    assert fake.count("GetObject") == 1 + 1 + 3
    warmed.head("b", row, layout=True)
    assert "HeadObject" not in by_boto3


@pytest.mark.parametrize(
    ("settings", "short"),
    [
        ({"HTTP_PROXY": "proxy:1", "NO_PROXY": ""}, False),
        ({"http_proxy": "proxy:1", "NO_PROXY": "10.0.0.1"}, False),
        ({"HTTP_PROXY": "proxy:1", "NO_PROXY": "127.0.0.1"}, True),
        ({"HTTPS_PROXY": "proxy:1"}, True),
        ({"NO_PROXY": "10.0.0.1"}, True),
    ],
)
def test_the_short_way_is_for_endpoints_without_a_proxy(
    settings: dict[str, str], short: bool, fake: FakeS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with closing(open_store(fake)) as store:
        assert store._fast._possible is short  # noqa: SLF001  what a proxy would be asked is up to it


def test_where_a_handler_adds_a_header_boto3_asks(
    fake: FakeS3, store: S3Store, row: ListedObject, by_boto3: list[str]
) -> None:
    ids = count()

    def tag(request: Any, **_: object) -> None:  # noqa: ANN401  botocore is untyped
        request.headers["x-tag"] = str(next(ids))

    store._client.meta.events.register("before-sign.s3", tag)  # noqa: SLF001  as somebody's plugin would
    for _ in range(3):
        store.head("b", row, layout=True)
    assert by_boto3 == ["HeadObject"] * 3
    assert [entry.headers["x-tag"] for entry in fake.log] == ["0", "1", "2"]


def test_where_a_mock_answers_nothing_is_sent(
    fake: FakeS3, store: S3Store, row: ListedObject, by_boto3: list[str]
) -> None:
    class Empty:
        def stream(self) -> list[bytes]:
            return []

    def answer(request: Any, **_: object) -> AWSResponse:  # noqa: ANN401  botocore is untyped
        headers = HTTPHeaders.from_dict({"ETag": f'"{row.etag}"', "Content-Length": "1"})
        return AWSResponse(request.url, 200, headers, Empty())

    store._client.meta.events.register("before-send.s3", answer)  # noqa: SLF001  as moto does
    for _ in range(3):
        assert store.head("b", row, layout=False).size == 1
    assert by_boto3 == ["HeadObject"] * 3
    assert not fake.log


def test_a_key_with_a_listed_etag_that_would_be_another_header_is_left_to_boto3(
    fake: FakeS3, warmed: S3Store, row: ListedObject
) -> None:
    fake.log.clear()
    with pytest.raises(S3DedupError):
        read(warmed, row._replace(etag='x"\r\nx-evil: "1'))
    assert all("x-evil" not in entry.headers for entry in fake.log)


# Errors


TROUBLES: dict[str, tuple[Break, type[S3DedupError], type[S3DedupError]]] = {
    "denied": (lambda fake: fake.deny("b", "s3:GetObject"), ObjectDeniedError, ObjectDeniedError),
    "vanished": (lambda fake: fake.delete("b", "a b//é"), ObjectVanishedError, ObjectVanishedError),
    "overwritten": (lambda fake: fake.put("b", "a b//é", b"x"), ObjectChangedError, ObjectChangedError),
    "failing": (lambda fake: fake.faults.add("500", times=None), ObjectUnreadableError, ObjectUnreadableError),
    "cannot be": (
        lambda fake: fake.faults.add(lambda _: Response(418), times=None),
        ObjectUnreadableError,
        ObjectUnreadableError,
    ),
}


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("chunked", [False, True])
def test_an_error_is_the_same_in_both_ways(
    trouble: str, chunked: bool, fake: FakeS3, row: ListedObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    if chunked:  # as AWS sends its errors
        serve = fake.serve

        def in_chunks(request: Request) -> Response:
            response = serve(request)
            response.chunked = response.status >= 300
            return response

        monkeypatch.setattr(fake._server, "serve", in_chunks)  # noqa: SLF001  same
    happen, *expected = TROUBLES[trouble]
    with closing(open_store(fake)) as plain, closing(open_store(fake)) as quick:
        warm(quick, row)
        monkeypatch.setattr(plain, "_fast", FastWay(quick_never(plain), plain.meter))
        happen(fake)
        raised = [[failure(store, row, layout=layout) for layout in (True, None)] for store in (plain, quick)]
    assert raised[0] == raised[1]
    assert [kind for kind, _ in raised[0]] == expected


def quick_never(store: S3Store) -> Any:  # noqa: ANN401  a Connected
    """A connection with a CA bundle that is never asked for; its short way learns nothing of the store's requests."""
    return store._client, None, True  # noqa: SLF001


def failure(store: S3Store, row: ListedObject, *, layout: bool | None) -> tuple[type[S3DedupError], str]:
    """What a HEAD fails with, or without `layout` a GET."""
    with pytest.raises(S3DedupError) as raised:
        read(store, row) if layout is None else store.head("b", row, layout=layout)
    return raised.type, str(raised.value)


@pytest.mark.parametrize("operation", ["GetObject", "HeadObject"])
@pytest.mark.parametrize("happen", [TROUBLES[name][0] for name in ("denied", "vanished")], ids=["denied", "vanished"])
def test_a_plain_refusal_is_asked_for_once(
    operation: str,
    happen: Any,  # noqa: ANN401  see TROUBLES
    fake: FakeS3,
    warmed: S3Store,
    row: ListedObject,
) -> None:
    happen(fake)
    fake.log.clear()
    failure(warmed, row, layout=None if operation == "GetObject" else True)
    assert [entry.operation for entry in fake.log] == [operation]


def test_an_archived_object_is_known_as_such(fake: FakeS3, warmed: S3Store) -> None:
    frozen = listed(fake.put("b", "frozen", BODY, storage_class="GLACIER"))
    fake.log.clear()
    with pytest.raises(ObjectArchivedError):
        read(warmed, frozen)
    assert len(fake.log) == 1


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidAccessKeyId", "SignatureDoesNotMatch"])
def test_credentials_that_are_refused_end_the_audit(
    code: str, fake: FakeS3, warmed: S3Store, row: ListedObject
) -> None:
    error = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()
    fake.faults.add(lambda _: Response(403, {}, error), times=None)
    with pytest.raises(CredentialsError, match=code):
        read(warmed, row)


def test_an_error_that_is_no_xml_is_left_to_boto3(
    fake: FakeS3, warmed: S3Store, row: ListedObject, by_boto3: list[str]
) -> None:
    fake.faults.add(lambda _: Response(403, {}, b"<html>No<br>entry"))
    assert read(warmed, row) == BODY
    assert by_boto3 == ["GetObject"]


# Bodies that are not what was asked for


WRONG: dict[str, tuple[Wrong, str]] = {
    "a 200 with everything": (
        lambda row: Response(200, {"etag": f'"{row.etag}"'}, BODY),
        "asked for bytes 5-14/10240",
    ),
    "another range": (
        lambda row: Response(206, {"etag": f'"{row.etag}"', "content-range": "bytes 0-9/10240"}, BODY[:10]),
        "sent bytes 0-9/10240",
    ),
    "too much": (
        lambda row: Response(206, {"etag": f'"{row.etag}"', "content-range": "bytes 5-14/10240"}, BODY[5:16]),
        "asked for",
    ),
    "too much, in chunks": (
        lambda row: Response(
            206, {"etag": f'"{row.etag}"', "content-range": "bytes 5-14/10240"}, BODY[5:16], chunked=True
        ),
        "more than the bytes 5-14",
    ),
    "nothing, in chunks": (
        lambda row: Response(206, {"etag": f'"{row.etag}"', "content-range": "bytes 5-14/10240"}, chunked=True),
        "broke off 4 times",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_other_bytes_than_were_asked_for_are_never_given(
    name: str, fake: FakeS3, warmed: S3Store, row: ListedObject
) -> None:
    answer, message = WRONG[name]
    fake.faults.add(lambda _: answer(row), times=None)
    with pytest.raises(ObjectUnreadableError, match=message):
        read(warmed, row, 5, 15)
    fake.faults.clear()
    assert read(warmed, row, 5, 15) == BODY[5:15]


def test_who_stops_in_the_middle_of_a_body_leaves_nothing_behind_for_the_next(fake: FakeS3, warmed: S3Store) -> None:
    long = listed(fake.put("b", "long", BODY * 100))
    reading = warmed.read_range("b", long, 0, long.size)
    assert isinstance(next(reading), bytes)
    reading.close()  # type: ignore[attr-defined]  # it is a generator
    assert read(warmed, long) == BODY * 100


# Read-only


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH"])
def test_a_write_that_takes_the_short_way_is_stopped_before_it_is_sent(
    method: str, fake: FakeS3, warmed: S3Store, row: ListedObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.log.clear()
    monkeypatch.setitem(METHODS, "HeadObject", method)
    monkeypatch.setattr(Wire, "ask", lambda *_: pytest.fail("it was sent"))
    with pytest.raises(ReadOnlyViolationError, match=f"refused to send {method} "):
        warmed.head("b", row, layout=True)
    assert not fake.log


# Forks


def test_a_forked_process_opens_connections_of_its_own(
    fake: FakeS3, warmed: S3Store, row: ListedObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected: Counter[int] = Counter()
    original = Wire.__init__

    def connect(wire: Wire, *place: Any) -> None:  # noqa: ANN401  a Place
        connected[os.getpid()] += 1
        original(wire, *place)

    monkeypatch.setattr(Wire, "__init__", connect)
    read(warmed, row)
    read(warmed, row)
    assert connected == {os.getpid(): 1}
    connected.clear()
    child = os.getpid() + 1
    monkeypatch.setattr(os, "getpid", lambda: child)
    read(warmed, row)
    assert connected == {child: 1}
    assert fake.count("GetObject") == 4


@pytest.fixture(autouse=True)
def closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every connection that was opened is closed in the end."""
    opened: list[Wire] = []
    original = Wire.__init__

    def connect(wire: Wire, *place: Any) -> None:  # noqa: ANN401  a Place
        original(wire, *place)
        opened.append(wire)

    monkeypatch.setattr(Wire, "__init__", connect)
    yield
    assert [wire for wire in opened if wire._socket.fileno() != -1] == []  # noqa: SLF001
