"""The real command, run as a process of its own with a home and an environment of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PROGRAM = str(Path(sys.executable).with_name("s3dedup"))
LOG_LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} \S")
SECONDS = 60.0


class Ran(NamedTuple):
    """What came of a run."""

    code: int
    out: str
    err: str

    @property
    def log(self) -> list[str]:
        """The lines on stderr that are log lines, without their times."""
        return [line.partition(" ")[2] for line in self.err.splitlines() if LOG_LINE.match(line)]

    @property
    def said(self) -> list[str]:
        """The lines on stderr that are not."""
        return [line for line in self.err.splitlines() if not LOG_LINE.match(line)]


@dataclass(frozen=True)
class Command:
    """`s3dedup` for somebody whose home is `home`, and who reaches S3 by `settings`. Warnings are errors."""

    home: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    wrapper: Sequence[str] = ()

    @property
    def state(self) -> Path:
        """The state directory that is used unless another is named."""
        return self.home / "s3dedup"

    @property
    def environment(self) -> dict[str, str]:
        """All of the command's environment."""
        own = {"HOME": str(self.home), "XDG_STATE_HOME": str(self.home), "PYTHONWARNINGS": "error", "TERM": "xterm"}
        nobody = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull}
        return {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            **own,
            **nobody,
            **self.settings,
        }

    def to(self, settings: Mapping[str, str]) -> Command:
        """The same command with more in its environment."""
        return Command(self.home, {**self.settings, **settings}, self.wrapper)

    def within(self, *wrapper: str) -> Command:
        """The same command, started by another program."""
        return Command(self.home, self.settings, wrapper)

    def start(self, *arguments: str | Path, **options: Any) -> subprocess.Popen[str]:  # noqa: ANN401  those of Popen
        """Start it with pipes for its output."""
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
        line = [*self.wrapper, PROGRAM, *map(str, arguments)]
        return subprocess.Popen(line, env=self.environment, encoding="utf-8", **streams | options)

    def run(self, *arguments: str | Path, **options: Any) -> Ran:  # noqa: ANN401  those of Popen
        """Run it to its end."""
        with self.start(*arguments, **options) as process:
            try:
                out, err = process.communicate(timeout=SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return Ran(process.returncode, out or "", err or "")


def refused(ran: Ran, code: int, *sentence: str) -> None:
    """Check that a run failed with this code and one sentence with these parts, and with nothing else."""
    assert ran.code == code, ran
    assert ran.out == ""
    assert len(ran.said) == 1, ran.err
    assert ran.said[0].startswith("s3dedup: ")
    assert ran.said[0].endswith(".")
    for part in sentence:
        assert part in ran.said[0]


def misused(ran: Ran, *sentence: str) -> None:
    """Check that the command line itself was refused, with these parts in the one sentence behind the usage."""
    assert ran.code == 2, ran
    assert ran.out == ""
    usage, hint, blank, error = ran.err.splitlines()
    assert usage.startswith("Usage: s3dedup ")
    assert "--help' for help." in hint
    assert blank == ""
    assert error.startswith("Error: ")
    for part in sentence:
        assert part in error
