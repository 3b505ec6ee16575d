"""A word that is no command, option or format leads to the right one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from akpatrol.cli import guesses
from akpatrol.cli.group import cli
from tests.program import inside

if TYPE_CHECKING:
    from pathlib import Path

    from tests.repositories import Repository


def _said(*arguments: str, cwd: Path) -> str:
    done = inside(*arguments, cwd=cwd)
    assert (done.code, done.out) == (2, b"")
    return done.err.decode()


@pytest.mark.parametrize(
    ("words", "guess"),
    [
        (("histroy", "--range", "A..B"), "akpatrol history --range A..B"),
        (("detect",), "akpatrol history"),
        (("filesystem", "src"), "akpatrol scan src"),
        (("protect",), "akpatrol staged"),
        (("Scan", "."), "akpatrol scan ."),
    ],
)
def test_commands(tmp_path: Path, words: tuple[str, ...], guess: str) -> None:
    assert f"did you mean: {guess}\n" in _said(*words, cwd=tmp_path)


def test_a_word_like_no_command_has_no_guess(tmp_path: Path) -> None:
    assert "No such command 'zzzzzz'" in _said("zzzzzz", cwd=tmp_path)


@pytest.mark.parametrize(
    ("words", "guess"),
    [
        (("scan", "--json"), "use --format json"),
        (("history", "--sarif"), "use --format sarif"),
        (("history", "--staged"), "use the command: akpatrol staged"),
        (("history", "--since", "7d"), "use --range COMMIT..HEAD"),
        (("history", "--all"), "use the command: akpatrol history, which scans all that git holds"),
        (("scan", "--no-color"), "use --color never"),
        (("scan", "--since", "7d"), "use the command: akpatrol history --range COMMIT..HEAD"),
        (("staged", "--log-opts", "x"), "use the command: akpatrol history --range A..B"),
        (("scan", "--forma", "json"), "--format"),
    ],
)
def test_options(tmp_path: Path, words: tuple[str, ...], guess: str) -> None:
    assert guess in _said(*words, cwd=tmp_path)


@pytest.mark.parametrize("words", [("rules", "list", "--sarif"), ("scan", "--nothing")])
def test_no_option_is_guessed_that_the_command_lacks(tmp_path: Path, words: tuple[str, ...]) -> None:
    said = _said(*words, cwd=tmp_path)
    assert "No such option" in said
    assert "use --" not in said


def test_every_guess_is_an_option_or_a_command_that_there_is() -> None:
    context = cli.make_context("akpatrol", ["scan"])
    known = {
        name
        for command in ("scan", "history", "staged", "report")
        for parameter in cli.get_command(context, command).params  # type: ignore[union-attr]
        for name in (*parameter.opts, *parameter.secondary_opts)
    }
    for guess in guesses._OPTIONS.values():
        first = guess.partition(" ")[0]
        assert first in known or "akpatrol " in guess or guess.startswith("nothing"), guess
    assert {guess.partition(" ")[0] for guess in guesses._COMMANDS.values()} <= set(cli.list_commands(context))
    assert not guesses._COMMANDS.keys() & set(cli.list_commands(context))
    assert guesses._OPTIONS.keys() & known == {"--since"}, "which report alone has"


@pytest.mark.parametrize(("option", "word", "guess"), [("-f", "jsn", "json"), ("--color", "allways", "always")])
def test_choices(tmp_path: Path, option: str, word: str, guess: str) -> None:
    assert f"did you mean {guess}?" in _said("scan", option, word, ".", cwd=tmp_path)


def test_history_of_a_range_or_a_branch_leads_to_range(repo: Repository) -> None:
    repo.commit_file("f", "clean\n")
    assert "akpatrol history --range HEAD~1..HEAD" in _said("history", "HEAD~1..HEAD", cwd=repo.path)
    assert "for what main alone adds: akpatrol history --range A..main" in _said("history", "main", cwd=repo.path)
    for name in ("nothing", "../foo", "foo..bar/baz"):
        assert "give a directory of a git repository" in _said("history", name, cwd=repo.path)
