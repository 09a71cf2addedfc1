"""Help: every command and every option says what it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import typer.main

from s3dedup.cli.app import app

if TYPE_CHECKING:
    from tests.cli.command import Command

GROUP: Any = typer.main.get_command(app)
COMMANDS = sorted(GROUP.commands)


def test_help_lists_every_command(command: Command) -> None:
    ran = command.run("--help")
    assert (ran.code, ran.err) == (0, "")
    for name in COMMANDS:
        assert f"\n  {name} " in ran.out
    assert "Exit codes:" in ran.out


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_tells_every_option_and_what_it_is_for(command: Command, name: str) -> None:
    ran = command.to({"COLUMNS": "200"}).run(name, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert "\x1b" not in ran.out
    text = " ".join(ran.out.split())
    assert " ".join(GROUP.commands[name].help.split()) in text
    for option in GROUP.commands[name].params:
        assert option.help
        assert " ".join(option.help.split()) in text
        assert all(spelling in text for spelling in option.opts if spelling.startswith("-"))


@pytest.mark.parametrize("name", COMMANDS)
def test_help_fits_a_terminal_of_80_columns(command: Command, name: str) -> None:
    assert all(len(line) <= 80 for line in command.to({"COLUMNS": "80"}).run(name, "--help").out.splitlines())


def test_without_a_command_the_help_is_shown_and_nothing_is_done(command: Command) -> None:
    ran = command.run()
    assert ran.code == 2
    assert "Usage: s3dedup" in ran.out + ran.err
    assert list(command.home.iterdir()) == []
