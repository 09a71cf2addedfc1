"""Servers that run as programs of their own: SeaweedFS, ministack, hadro, rclone.

Each function is a context manager that gives the running server and kills it afterwards.
"""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from s3dedup.demo.process import (
    LOOPBACK,
    ServerStartError,
    accepts_signed_requests,
    find_program,
    free_ports,
    running,
    s3_client,
)
from s3dedup.demo.seaweed import Identity, SeaweedServer
from tests.servers import S3Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ACCESS_KEY = "S3DEDUPTESTSUITE0001"  # rclone wants 20 characters
SECRET_KEY = "only-on-loopback-and-only-for-the-tests"

IDENTITIES = (
    Identity("read-only", ("Read", "List")),
    Identity("list-only", ("List",)),
    Identity("read-without-list", ("Read",)),
    Identity("half", ("List", "Read:*/open*")),
    Identity("nobody"),
)
"""Who besides the administrator may sign in to SeaweedFS. `half` lists all, and reads only below `open`."""


@contextmanager
def seaweed_server() -> Iterator[S3Server]:
    """SeaweedFS, the real store of the suite; AccessDenied is real here (see `IDENTITIES`)."""
    with SeaweedServer(identities=IDENTITIES) as weed:
        people = {identity.name: identity for identity in IDENTITIES}
        yield S3Server("seaweed", weed.endpoint_url, weed.access_key, weed.secret_key, identities=people)


@contextmanager
def ministack_server() -> Iterator[S3Server]:
    """Ministack through `ministack_corrected.py`: ETags of KMS and SSE-C objects are no MD5, as on AWS."""
    launcher = Path(__file__).with_name("ministack_corrected.py")

    def command(port: int, _root: Path) -> tuple[list[str], Mapping[str, str]]:
        settings = {"BIND_HOST": LOOPBACK, "GATEWAY_PORT": str(port), "SERVICES": "s3,kms,sts,iam"}
        return [sys.executable, str(launcher)], settings | {"LOG_LEVEL": "WARNING"}

    with _serving("ministack", command) as (endpoint_url, _):
        yield S3Server("ministack", endpoint_url, ACCESS_KEY, SECRET_KEY)


@contextmanager
def hadro_server(*options: str) -> Iterator[S3Server]:
    """Hadro: a directory served read-only, with ETags from size and time; it ignores If-Match.

    Args:
        options: more of its own, such as `"--error-rate", "0.2"` or `"--latency-ms", "50"`.
    """

    def command(port: int, root: Path) -> tuple[list[str], Mapping[str, str]]:
        keys = ["--access-key", ACCESS_KEY, "--secret-key", SECRET_KEY]
        return [_program("hadro"), "--host", LOOPBACK, "--port", str(port), *keys, *options, str(root)], {}

    with _serving("hadro", command) as (endpoint_url, root):
        yield S3Server("hadro", endpoint_url, ACCESS_KEY, SECRET_KEY, root)


@contextmanager
def rclone_server(etag_hash: str = "SHA-1") -> Iterator[S3Server]:
    """Rclone, the server that lies: it ignores If-Match, and its ETag is whatever hash it was told to use."""

    def command(port: int, root: Path) -> tuple[list[str], Mapping[str, str]]:
        serve = [_program("rclone"), "serve", "s3", "--config", os.devnull, "--addr", f"{LOOPBACK}:{port}"]
        return [*serve, "--etag-hash", etag_hash, "--auth-key", f"{ACCESS_KEY},{SECRET_KEY}", str(root)], {}

    with _serving("rclone", command) as (endpoint_url, root):
        yield S3Server("rclone", endpoint_url, ACCESS_KEY, SECRET_KEY, root)


@contextmanager
def _serving(
    name: str, command: Callable[[int, Path], tuple[list[str], Mapping[str, str]]]
) -> Iterator[tuple[str, Path]]:
    """Run a server on a free port over an empty directory: its endpoint, and that directory."""
    with tempfile.TemporaryDirectory(prefix=f"s3dedup-{name}-", ignore_cleanup_errors=True) as made:
        directory, (port,) = Path(made), free_ports(1)
        root = directory / "root"
        root.mkdir()
        endpoint_url = f"http://{LOOPBACK}:{port}"
        client = s3_client(endpoint_url, ACCESS_KEY, SECRET_KEY)
        line, settings = command(port, root)
        environment = {"PATH": os.defpath, "HOME": made, "TMPDIR": made, **settings}
        ready = lambda: accepts_signed_requests(client)  # noqa: E731 - as short as it gets
        with running(name, line, directory=directory, environment=environment, ready=ready):
            yield endpoint_url, root
        client.close()


def _program(name: str) -> str:
    found = find_program(name)
    if found is None:
        raise ServerStartError(name, "it is not installed: pip install 's3dedup[dev]'", "")
    return found
