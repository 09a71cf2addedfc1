"""What README.md says, held against the program."""

from __future__ import annotations

import fnmatch
import inspect
import json
import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from s3dedup import errors
from s3dedup.demo.corpus import corpus
from s3dedup.model import EvidenceKind, SkipReason
from s3dedup.report.schema import load_schema
from s3dedup.store.guard import READS
from tests.documented import Shell
from tests.readme import regenerate
from tests.readme.markdown import DOCUMENTS, ROOT, Block, anchors, blocks, inline_code, links, prose, text_of
from tests.servers import S3Server

README = ROOT / "README.md"

TOP_LEVEL = {"pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "s3dedup", "tests", "examples"}
DOTFILES = {".ci", ".git", ".github", ".gitignore"}

NOT_OURS = {"--check", "--download", "--fast-list", "--if-match", "--yes"}
"""Options of other programs that the README names."""
BENCHMARKS = sorted((ROOT / "tests" / "benchmarks").glob("bench_*.py"))


def set_up_commands() -> list[str]:
    """The set-up commands; `.ci/run` finds them in the same way, and runs them."""
    return [line for line in text_of(README).splitlines() if line.startswith("python3 -m venv ")]


def documented_commands() -> Iterator[Block]:
    """Find the shell blocks of all documents, apart from the set-up commands."""
    for document in DOCUMENTS:
        yield from (block for block in blocks(document, "sh") if "-m venv" not in block.text)


def can_run(line: str) -> bool:
    """Every command can be run, but for those that need jq where there is none."""
    return "jq" not in line or shutil.which("jq") is not None


@pytest.mark.parametrize("block", list(documented_commands()), ids=lambda block: block.name)
def test_every_documented_command_works(block: Block, shell: Shell, documented_buckets: S3Server) -> None:
    text = block.text.replace("https://minio.example.net", documented_buckets.endpoint_url)
    for line in filter(can_run, text.splitlines()):
        run = shell.run(line)
        assert run.returncode == 0, (line, run.stderr)
        assert "rror" not in run.stderr, (line, run.stderr)


def test_what_the_jq_examples_pick_is_in_the_report(shell: Shell) -> None:
    named = set[str]()
    for line in text_of(README).splitlines():
        if "jq " in line and line.startswith(("jq", "s3dedup")):
            program = line.partition("jq ")[2].removesuffix(" report.json")
            named |= set(re.findall(r"\.([a-z_]+)", program))
    properties = set(re.findall(r'"([a-z_]+)"', json.dumps(load_schema())))
    assert {"groups", "objects", "reclaimable_bytes", "evidence"} <= named <= properties
    assert shell.run("s3dedup audit s3://my-photos --quiet --format json").returncode == 0


def test_the_json_example_finds_the_copies_in_both_buckets(shell: Shell) -> None:
    run = shell.run("s3dedup audit s3://my-photos s3://my-archive --quiet --format json")
    report = json.loads(run.stdout)
    assert [len(group["objects"]) for group in report["groups"]] == [3, 2]
    assert report["skipped"] == []


def test_the_two_set_up_commands_are_one_line_each_and_name_extras_that_exist() -> None:
    commands = set_up_commands()
    fenced = [block.text.strip() for block in blocks(README, "sh") if "-m venv" in block.text]
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = [re.findall(r"pip install -q -e '\.\[(\w+)\]'", command) for command in commands]
    assert fenced == commands
    assert named == [["demo"], ["dev"]]
    assert {"demo", "dev"} <= extras.keys()
    assert commands[0].endswith(".venv/bin/s3dedup demo")
    assert ".venv/bin/pytest" in commands[1]


def test_the_help_texts_are_those_of_the_program() -> None:
    shown = regenerate.section(text_of(README), "help").strip()
    assert shown == regenerate.help_section().strip(), "run python tests/readme/regenerate.py"


def test_the_keys_of_a_file_are_those_that_are_read() -> None:
    shown = regenerate.section(text_of(README), "keys").strip()
    assert shown == regenerate.keys_section().strip(), "run python tests/readme/regenerate.py"


def test_the_file_that_is_shown_makes_sense(shell: Shell, tmp_path: Path) -> None:
    (block,) = blocks(README, "toml")
    file = tmp_path / "audit.toml"
    file.write_text(block.text)
    (tmp_path / "reports").mkdir()
    run = shell.run(f"SLACK_URL=json://localhost s3dedup run {file} --check")
    assert (run.returncode, run.stdout) == (0, ""), run.stderr
    assert "makes sense: 3 locations, 3 outputs, 1 notification" in run.stderr


def test_every_command_has_its_help_in_the_readme() -> None:
    headings = re.findall(r"^### s3dedup (\w+)$", text_of(README), re.MULTILINE)
    assert headings == regenerate.command_names()


def test_the_sample_is_what_the_demo_prints() -> None:
    shown, now = regenerate.section(text_of(README), "sample").strip(), regenerate.sample_section().strip()
    assert regenerate.Sample.of(shown).text == regenerate.Sample.of(now).text, "run python tests/readme/regenerate.py"
    assert regenerate.Sample.of(shown).matches(regenerate.Sample.of(now)), "run python tests/readme/regenerate.py"


def test_each_group_of_the_sample_was_planted_so() -> None:
    planted = [{f"s3://{bucket}/{key}" for bucket, key in group.places} for group in corpus().groups]
    table = regenerate.section(text_of(README), "sample").partition("Evidence\n")[2]
    groups = re.split(r"^ +\d+ .*-etag$|^ +\d+ .*-ranges$", table.partition("\n\n")[0], flags=re.MULTILINE)
    shown = [set(re.findall(r"(s3://.*)$", group, re.MULTILINE)) for group in groups[1:]]
    assert len(shown) == len(planted)
    for keys in shown:
        assert any(keys <= group for group in planted), keys


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Read 78.5 MiB", "Read 78.9 MiB", True),
        ("Read 78.5 MiB", "Read 40.0 MiB", False),
        ("Read 78.5 MiB", "Read 78.5 KiB", False),
        ("  keeper  s3://a/x", "  keeper  s3://b/y", True),
        ("  keeper  s3://a/x", "  redundant  s3://a/x", False),
        ("2 LIST, 22 HEAD", "2 LIST, 23 HEAD", False),
    ],
)
def test_samples_are_compared_by_what_does_not_change_from_run_to_run(one: str, other: str, same: bool) -> None:
    assert regenerate.Sample.of(one).matches(regenerate.Sample.of(other)) is same


def test_a_run_line_is_the_same_for_every_run() -> None:
    one = f"  Run            {'a' * 32}, 2026-11-22 15:40 UTC, 0 s,\n                 s3dedup 0.1.0\n"
    other = f"  Run            {'b' * 32}, 2027-01-02 03:04 UTC, 12 min 1 s, s3dedup 1.0\n"
    assert regenerate.Sample.of(one) == regenerate.Sample.of(other)


def test_the_policy_is_the_one_that_the_first_command_prints(shell: Shell) -> None:
    (shown,) = (block.text for block in blocks(README, "json") if "Version" in block.text)
    (command,) = (block.text.splitlines()[0] for block in blocks(README, "sh") if "s3dedup policy" in block.text)
    assert json.loads(shown) == json.loads(shell.run(command).stdout)


def test_the_readme_counts_the_reads_of_the_guard() -> None:
    assert len(READS) == 11, "README.md says 'a list of eleven reads'"
    assert "a list of eleven reads" in prose(README)


def test_the_python_example_prints_the_groups(shell: Shell) -> None:
    (block,) = blocks(README, "python")
    (shell.directory / "example.py").write_text(block.text)
    run = shell.run("python example.py")
    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    assert lines[0] == "3 redundant objects hold 600000 bytes"
    assert next(line for line in lines if ": keep" in line).startswith("200000 bytes (md5-etag): keep s3://my-")
    assert sum(line.startswith("  redundant: s3://my-") for line in lines) == 3


def test_the_table_of_exit_codes_has_every_code_that_there_is() -> None:
    table = prose(README).partition("## Exit codes")[2].partition("\n## ")[0]
    shown = {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)}
    classes = [each for _, each in inspect.getmembers(errors, inspect.isclass)]
    assert shown == {0, 3, 130} | {each.exit_code for each in classes if issubclass(each, errors.S3DedupError)}


def test_the_evidence_and_the_reasons_named_are_those_that_an_audit_gives() -> None:
    code = set(inline_code(README))
    assert {str(kind) for kind in EvidenceKind} <= code
    assert {str(reason) for reason in SkipReason} - code == {"budget"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_every_option_that_is_named_exists(document: Path) -> None:
    known = set(re.findall(r"--[a-z][a-z-]+", regenerate.help_section())) | NOT_OURS
    known |= {option for file in BENCHMARKS for option in re.findall(r'add_argument\("(--[a-z-]+)"', file.read_text())}
    named = {option for code in inline_code(document) for option in re.findall(r"(?<!\S)--[a-z][a-z-]+", code)}
    assert named <= known


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_every_command_that_is_named_exists(document: Path) -> None:
    named = {match for code in inline_code(document) for match in re.findall(r"^s3dedup ([a-z]+)", code)}
    assert named <= set(regenerate.command_names())


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    for link in links(document):
        path, _, anchor = link.partition("#")
        if link.startswith("https://"):
            continue
        target = document.parent / path if path else document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_section_is_in_the_table_of_contents() -> None:
    sections = re.findall(r"^## (.+)$", prose(README), re.MULTILINE)
    contents = re.findall(r"^- \[(.+?)\]\(#", prose(README), re.MULTILINE)
    assert contents == sections


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_no_line_is_longer_than_a_reader_can_follow(document: Path) -> None:
    assert [line for line in text_of(document).splitlines() if len(line) > 120] == []


def test_every_example_has_a_readme() -> None:
    folders = [path for path in (ROOT / "examples").iterdir() if path.is_dir() and path.name != "__pycache__"]
    assert len(folders) >= 2
    assert [folder.name for folder in folders if not (folder / "README.md").is_file()] == []


def test_the_top_level_holds_what_the_design_allows() -> None:
    ignored = (ROOT / ".gitignore").read_text().replace("/\n", "\n").split()
    names = [path.name for path in ROOT.iterdir()]
    kept = {name for name in names if not any(fnmatch.fnmatch(name, pattern) for pattern in ignored)}
    assert kept >= TOP_LEVEL
    assert kept - TOP_LEVEL <= DOTFILES
