"""Writes what README.md shows of the program itself: its help, the keys of a file for `run`, and the demo's audit.

`python tests/readme/regenerate.py` writes them anew; with `--check` it only says whether they are up to date. The
sample is replaced only where it differs in more than what differs from run to run.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import typer.main

from s3dedup.cli.app import app
from s3dedup.schedule.keys import AUDIT, TABLES, Key

README = Path(__file__).parents[2] / "README.md"
COLUMNS = 80
SIZE = re.compile(r"(\d[\d,]*\.\d) (KiB|MiB|%)")
TOLERANCE = 0.1
"""How far a size may be from the sample's, as a share: the demo draws PNGs, whose sizes depend on the zlib in use."""


def s3dedup(*arguments: str) -> str:
    """What the program prints in 80 columns, whatever is set around it.

    Raises:
        CalledProcessError: it failed.
    """
    environment = {"PATH": os.defpath, "HOME": os.devnull, "COLUMNS": str(COLUMNS), "LC_ALL": "C.UTF-8"}
    program = Path(sys.executable).with_name("s3dedup")
    run = subprocess.run([program, *arguments], env=environment, capture_output=True, text=True, check=True)
    return run.stdout


def command_names() -> list[str]:
    """Every command, in the order of the help."""
    group = typer.main.get_group(app)
    return list(group.commands)


def help_section() -> str:
    """The help of the program and of each command."""
    commands = (
        f"### s3dedup {name}\n\n{_fenced(f's3dedup {name} --help', s3dedup(name, '--help'))}"
        for name in command_names()
    )
    return "\n".join([_fenced("s3dedup --help", s3dedup("--help")), *commands])


def keys_section() -> str:
    """The keys of a file for `s3dedup run`: those of the audit, then those of each table."""
    rows = [_row(name, key) for name, key in AUDIT.items()]
    own = {name: set(keys) - AUDIT.keys() for name, keys in TABLES.items()}
    for table, keys in TABLES.items():
        shared = "" if own[table] else "the keys above, down to `role-session-name`, for these locations"
        rows += [f"| `[[{table}]]` | | {shared} |", *(_row(name, keys[name]) for name in keys if name in own[table])]
    return "\n".join(["| key | value | meaning |", "|---|---|---|", *rows, ""])


def _row(name: str, key: Key) -> str:
    value = (f"{key.kind.name}, or an array" if key.kind.many else key.kind.name).replace("|", "\\|")
    return f"| `{name}` | {value} | {key.meaning or f'as `--{name}`'} |"


def sample_section() -> str:
    """The demo's audit: from what was planted to the notes, without the legend."""
    report = s3dedup("demo").partition("\n")[2].partition("\nLegend\n")[0]
    return _fenced("s3dedup demo", f"{report}\n[...]\n")


def _fenced(command: str, output: str) -> str:
    return f"```text\n$ {command}\n{output.rstrip()}\n```\n"


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample without what differs from run to run: the run's name and times, which of equally old copies come first,
    and the exact `sizes`, of which `text` has only the places.
    """

    text: str
    sizes: tuple[float, ...]

    @classmethod
    def of(cls, text: str) -> Sample:
        """Read a sample section."""
        text = re.sub(r"Run +[0-9a-f]{32}, [-0-9]+ [:0-9]+ UTC, [^,]+,\s+s3dedup \S+", "Run", text)
        text = re.sub(r"^( +(?:keeper|redundant)?) +s3://.*$", r"\1 KEY", text, flags=re.MULTILINE)
        sizes = tuple(float(number.replace(",", "")) for number, _ in SIZE.findall(text))
        return cls(re.sub(r" +", " ", SIZE.sub(r"SIZE \2", text)), sizes)

    def matches(self, other: Sample) -> bool:
        """Whether both show the same audit."""
        pairs = zip(self.sizes, other.sizes, strict=False)
        return self.text == other.text and all(abs(one - two) <= TOLERANCE * two for one, two in pairs)


def section(text: str, name: str) -> str:
    """What stands between the markers of a generated section.

    Raises:
        ValueError: the markers are not there, once each and in order.
    """
    return _parts(text, name)[1]


def _parts(text: str, name: str) -> tuple[str, str, str]:
    begin, end = f"<!-- {name}: written by tests/readme/regenerate.py -->\n", f"<!-- {name}: end -->\n"
    if text.count(begin) != 1 or text.count(end) != 1:
        raise ValueError(f"the markers of {name!r} do not stand in the text once each")
    before, rest = text.split(begin)
    inside, after = rest.split(end)
    return before + begin, inside, end + after


def regenerated(text: str) -> str:
    """The README's text with its generated sections up to date."""
    for name, now in (("help", help_section), ("keys", keys_section)):
        before, _, after = _parts(text, name)
        text = f"{before}\n{now()}\n{after}"
    before, sample, after = _parts(text, "sample")
    new = sample_section()
    return text if Sample.of(sample.strip()).matches(Sample.of(new.strip())) else f"{before}\n{new}\n{after}"


def main() -> int:
    """Write, or with `--check` compare."""
    old = README.read_text(encoding="utf-8")
    new = regenerated(old)
    if old == new:
        sys.stdout.write("README.md is up to date\n")
        return 0
    if "--check" in sys.argv[1:]:
        sys.stdout.write("README.md is out of date: run python tests/readme/regenerate.py\n")
        return 1
    README.write_text(new, encoding="utf-8")
    sys.stdout.write("README.md is written anew\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
