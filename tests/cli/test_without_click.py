"""Command lines that are read without click mean what click makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from akpatrol.cli import history as history_command
from akpatrol.cli import plain, plain_history, plain_scan, plain_staged
from akpatrol.cli import scan as scan_command
from akpatrol.cli import staged as staged_command
from akpatrol.cli.group import cli
from akpatrol.config.options import OPTIONS, of
from tests.program import execute, inside

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.repositories import Repository

_WORDS = ["a.py", "--", "-", "", "-q", "--help", "--exit-zero", "-rf.env", "sub/b c", "--config=c.toml", "staged", "ä"]
_VALUES = ["1", "0", "-1", "4", "007", "+1", "1_0", "²", "9" * 12, "json", "JSON", "low", "always", "x.json", "json:x"]
_PATHS = ["there", "there/file", "there/loop", "there/nothing"]
_FLAGS = [flag for entry in OPTIONS.values() for flags in entry.flags for flag in flags.split("/")]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from(_WORDS), max_size=5),
    st.sampled_from([(), ("--",), ("--exit-zero", "a.py")]),
)
def test_click_reads_the_same_files(repo: Repository, words: list[str], files: tuple[str, ...]) -> None:
    for name in files:
        repo.write(name, "clean\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(repo.path)
        plainly = plain_staged.files_of(words)
        if plainly is not None:
            read = _as_click_reads(["staged", *words], patch, staged_command, "staged")
            assert read == (of({}), plainly, {"named": False})
        for name in files:
            (repo.path / name).unlink()


_WITH_VALUE = [entry.flags[0] for entry in OPTIONS.values() if entry.form not in ("flag", "switch", "count")]
_PAIRS = st.tuples(st.sampled_from(_WITH_VALUE), st.sampled_from([*_VALUES, *_PATHS, *_WORDS]))
_SCAN_WORDS = st.sampled_from([*_WORDS, *_VALUES, *_FLAGS, "--tracked", "--jobs=2", "-fjson", "-qv", "--nothing", "-h"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=400)
@given(st.lists(st.one_of(_SCAN_WORDS.map(lambda word: (word,)), _PAIRS), max_size=4))
def test_click_reads_the_same_options_and_paths(tmp_path: Path, parts: list[tuple[str, ...]]) -> None:
    (tmp_path / "there").mkdir(exist_ok=True)
    (tmp_path / "there" / "file").touch()
    if not (tmp_path / "there" / "loop").is_symlink():
        (tmp_path / "there" / "loop").symlink_to("loop")
    words = [word for part in parts for word in part]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        if plainly := plain_scan.read(words):
            options, paths, tracked = plainly
            read = _as_click_reads(["scan", *words], patch, scan_command, "scan")
            assert read == (options, paths, {"tracked": tracked})
        if of_history := plain_history.read(words):
            options, repository = of_history
            read = _as_click_reads(["history", *words], patch, history_command, "history")
            assert read == (options, repository, {"remember": not options.no_cache})


@pytest.mark.parametrize("name", [name for name, entry in OPTIONS.items() if entry.form in ("flag", "switch")])
def test_each_flag_is_read(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for flag in (flag for flags in OPTIONS[name].flags for flag in flags.split("/")):
        plainly = plain_scan.read([flag, "."])
        assert plainly is not None
        assert _as_click_reads(["scan", flag, "."], monkeypatch, scan_command, "scan")[0] == plainly[0] != of({})


def test_each_value_is_read() -> None:
    words = ["-f", "sarif", "--jobs", "3", "--min-confidence", "high", "--color", "never", "--decode-depth", "2", "a"]
    words += ["-o", "report", "--rules", ".", "--rules", "..", "--exclude", "a*", "--report", "csv:x"]
    plainly = plain_scan.read(words)
    with pytest.MonkeyPatch.context() as patch:
        assert _as_click_reads(["scan", *words], patch, scan_command, "scan") == (
            *(plainly or ())[:2],
            {"tracked": False},
        )


def _as_click_reads(
    words: list[str], patch: pytest.MonkeyPatch, command: object, name: str
) -> tuple[Any, Any, dict[str, bool]]:
    read: list[tuple[Any, Any, dict[str, bool]]] = []

    def recorded(configure: Callable[..., object], _console: object, paths: Any, **how: bool) -> int:
        (flags,) = configure.args  # type: ignore[attr-defined]
        read.append((flags, paths, how))
        return 0

    patch.setattr(command, name, recorded)
    with cli.make_context("akpatrol", words) as context:
        cli.invoke(context)
    (only,) = read
    return only


@pytest.mark.parametrize(
    "words",
    [
        ["history", "x", "y"],
        ["history", "--range", "auto"],
        ["-q"],
        [],
        ["staged", "-q"],
        ["staged", "--help"],
        ["-C", "staged"],
        ["scan", "--help"],
        ["scan", "-C", "x"],
        ["scan", "-o", "."],
        ["scan", "-o", "-"],
        ["scan", "--rules", "nowhere"],
        ["scan", "--report", "x"],
        ["scan", "--report", "csv:"],
        ["scan", "--jobs", "0"],
        ["scan", "--jobs"],
        ["scan", "-f", "pdf"],
        ["scan", "-q", "-q"],
        ["scan", "--exclude=x"],
        ["scan", "--exclude", "-x"],
    ],
)
def test_other_command_lines_are_left_to_click(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert plain.runner(words) is None


def test_a_clean_run_does_not_import_click(repo: Repository) -> None:
    repo.write("f", "clean\n")
    repo.git("add", "f")
    patch = "import atexit, sys; atexit.register(lambda: print('click' in sys.modules, file=sys.stderr))"
    lines = {
        ("staged", "f"): b"False",
        ("scan", "-q", "f"): b"False",
        ("history", "-q"): b"False",
        ("staged", "-q", "f"): b"True",
    }
    for words, imported in lines.items():
        done = execute(*words, cwd=repo.path, patch=patch)
        assert (done.code, done.err.split()[-1:]) == (0, [imported])


def test_a_mistake_is_explained_alike(tmp_path: Path) -> None:
    """``-v`` is left to click, and changes nothing about a path that is wrong."""
    for words in (["nowhere"], [""], ["--tracked", "."], ["-", "nowhere", "-f", "json"]):
        plainly, by_click = inside("scan", *words, cwd=tmp_path), inside("scan", "-v", *words, cwd=tmp_path)
        assert (plainly.code, plainly.out, plainly.err) == (by_click.code, by_click.out, by_click.err)
        assert plainly.code == 2


def test_the_version_is_what_click_prints(tmp_path: Path) -> None:
    printed = CliRunner().invoke(cli, ["--version"], prog_name="akpatrol").output
    assert inside("--version", cwd=tmp_path).out.decode() == printed
