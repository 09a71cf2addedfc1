from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from s3dedup.demo import seaweed as demo_seaweed
from s3dedup.demo.process import DemoExtraMissingError, ServerStartError, free_ports, running
from s3dedup.demo.seaweed import SeaweedServer

START_ONE = """
import time
from s3dedup.demo.seaweed import SeaweedServer
with SeaweedServer() as server:
    print(server.pid, *server.traces, flush=True)
    time.sleep(60)
"""


def is_running(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return state.stdout.strip() != "" and not state.stdout.startswith("Z")


def start_one() -> tuple[subprocess.Popen[str], int, list[Path]]:
    """A Python program that runs a server: the program, the server's process id and its traces."""
    program = subprocess.Popen([sys.executable, "-c", START_ONE], stdout=subprocess.PIPE, text=True)
    assert program.stdout is not None
    pid, *traces = program.stdout.readline().split()
    program.stdout.close()
    return program, int(pid), list(map(Path, traces))


def wait_until_gone(pid: int) -> None:
    """Give a killed process a moment to end."""
    deadline = time.monotonic() + 5
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_running(pid)


def test_the_server_leaves_no_process_directory_or_socket_behind() -> None:
    with SeaweedServer() as server:
        assert is_running(server.pid)
        assert any(path.suffix == ".sock" and path.exists() for path in server.traces)
    assert not is_running(server.pid)
    assert [path for path in server.traces if path.exists()] == []


def test_an_error_inside_the_block_stops_the_server_too() -> None:
    with pytest.raises(RuntimeError), SeaweedServer() as server:
        raise RuntimeError
    assert not is_running(server.pid)
    assert [path for path in server.traces if path.exists()] == []


def test_ctrl_c_stops_the_server_and_removes_its_directory() -> None:
    program, pid, traces = start_one()
    program.send_signal(signal.SIGINT)
    program.wait(timeout=10)
    assert not is_running(pid)
    assert [path for path in traces if path.exists()] == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_the_server_dies_with_a_parent_that_is_killed() -> None:
    program, pid, (directory, *sockets) = start_one()
    program.kill()
    program.wait(timeout=10)
    wait_until_gone(pid)
    shutil.rmtree(directory)  # a killed parent cannot tidy up
    for socket in sockets:
        socket.unlink(missing_ok=True)


def test_a_server_that_ends_at_once_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; print('no such disk'); sys.exit(7)"]
    with pytest.raises(ServerStartError, match=r"(?s)code 7.*no such disk"):
        start(tmp_path, command)


def test_a_server_that_never_answers_is_killed_and_is_an_error(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import os,time; print(os.getpid(), flush=True); time.sleep(60)"]
    with pytest.raises(ServerStartError, match=r"no answer in 0\.4 s"):
        start(tmp_path, command)
    assert not is_running(int((tmp_path / "server.log").read_text()))


def start(directory: Path, command: list[str]) -> None:
    """Run a program as if it were a server that never answers."""

    def never() -> None:
        raise OSError("not there")

    environment = dict(os.environ)
    with running("test", command, directory=directory, environment=environment, ready=never, seconds=0.4):
        pass


def test_without_seaweedfs_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_seaweed, "find_program", lambda _name: None)
    with pytest.raises(DemoExtraMissingError, match=r"s3dedup\[demo\]") as error, SeaweedServer():
        pass
    assert error.value.exit_code == 2


def test_free_ports_are_free_together_with_their_offsets() -> None:
    ports = free_ports(20, offsets=(0, 10_000))
    assert len(set(ports)) == 20
    assert all(port + 10_000 <= 65_535 for port in ports)
