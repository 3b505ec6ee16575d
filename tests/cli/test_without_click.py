"""Command lines that are read without click mean what click makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from akpatrol.cli import plain_staged
from akpatrol.cli import staged as staged_command
from akpatrol.cli.group import cli
from akpatrol.config.options import of
from tests.program import execute, inside

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from akpatrol.config.options import Options
    from tests.repositories import Repository

_WORDS = ["a.py", "--", "-", "", "-q", "--help", "--exit-zero", "-rf.env", "sub/b c", "--config=c.toml", "staged", "ä"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from(_WORDS), max_size=5),
    st.sampled_from(["staged", "staged", "scan", "-q", "--"]),
    st.sampled_from([(), ("--",), ("--exit-zero", "a.py")]),
)
def test_click_reads_the_same_files(repo: Repository, words: list[str], command: str, files: tuple[str, ...]) -> None:
    given_words = [command, *words]
    for name in files:
        repo.write(name, "clean\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(repo.path)
        plain = plain_staged.files_of(given_words)
        if plain is not None:
            assert _as_click_reads(given_words, patch) == (of({}), plain, False)
        for name in files:
            (repo.path / name).unlink()


def _as_click_reads(words: list[str], patch: pytest.MonkeyPatch) -> tuple[Options, tuple[str, ...], bool]:
    read: list[tuple[Options, tuple[str, ...], bool]] = []

    def staged(configure: Callable[..., object], _console: object, files: tuple[str, ...], *, named: bool) -> int:
        (flags,) = configure.args  # type: ignore[attr-defined]
        read.append((flags, files, named))
        return 0

    patch.setattr(staged_command, "staged", staged)
    with cli.make_context("akpatrol", words) as context:
        cli.invoke(context)
    (only,) = read
    return only


@pytest.mark.parametrize("words", [["scan", "x"], ["-q"], [], ["staged", "-q"], ["staged", "--help"], ["-C", "staged"]])
def test_other_command_lines_are_left_to_click(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert plain_staged.files_of(words) is None


def test_a_clean_commit_does_not_import_click(repo: Repository) -> None:
    repo.write("f", "clean\n")
    repo.git("add", "f")
    patch = "import atexit, sys; atexit.register(lambda: print('click' in sys.modules, file=sys.stderr))"
    for words, imported in ((("staged", "f"), b"False"), (("staged", "-q", "f"), b"True")):
        done = execute(*words, cwd=repo.path, patch=patch)
        assert (done.code, done.err.split()[-1:]) == (0, [imported])


def test_the_version_is_what_click_prints(tmp_path: Path) -> None:
    printed = CliRunner().invoke(cli, ["--version"], prog_name="akpatrol").output
    assert inside("--version", cwd=tmp_path).out.decode() == printed
