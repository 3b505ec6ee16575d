"""The table of exit codes, with real pipes; ``test_signals`` has 130 and 143."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.program import command, execute, finish, inside, start

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Run
    from tests.repositories import Repository

_FULL = Path("/dev/full")


@pytest.fixture
def crash(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Make every scan raise."""

    def arrange(error: BaseException) -> None:
        def raise_(*_: object) -> None:
            raise error

        monkeypatch.setattr("akpatrol.scan.run.scan_sources", raise_)

    return arrange


def test_0_complete_and_nothing_found(run: Run, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("clean\n")
    assert run("scan", tmp_path).code == 0


def test_1_finding(run: Run, tmp_path: Path, key: str) -> None:
    (tmp_path / "f").write_text(key)
    assert run("scan", tmp_path).code == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["scan", "no such path"],
        ["scan", "--no-such-option"],
        ["scan", "-f", "xml"],
        ["scan", "--jobs", "0"],
        ["scan", "--jobs", "many"],
        ["scan", "--min-confidence", "loud"],
        ["scan", "--report", "json"],
        ["scan", "--report", "json:"],
        ["scan", "--report", "xml:file"],
        ["scan", "--rules", "no such file"],
        ["scan", "--config", "no such file"],
        ["scan", "--exclude", "!"],
        ["scan", "--exclude", "[z-a]"],
        ["scan", "--exclude", "a\\"],
        ["scan", "-C", "no such directory"],
        ["scan", "-o", "no such directory/report"],
        ["scan", "-o", "."],
        ["scan", "--report", "json:no such directory/report"],
        ["scan", "-o", "same", "--report", "json:./same"],
        ["history", "."],
        ["history", "no such directory"],
        ["staged"],
        ["commit-msg"],
        ["commit-msg", "no such file"],
        ["rules", "show", "no-such-rule"],
        ["rules", "check", "no such file"],
        ["no-such-command"],
        [],
    ],
    ids=" ".join,
)
def test_2_wrong_use(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "clean").write_text("clean\n")
    done = inside(*arguments, cwd=tmp_path)
    assert done.code == 2
    assert b"Traceback" not in done.written
    assert done.err.startswith(b"akpatrol: ") or not arguments
    assert os.listdir(tmp_path) == ["clean"]


def test_2_is_said_before_any_scanning(run: Run, tmp_path: Path, crash: Callable[[BaseException], None]) -> None:
    crash(AssertionError("scanned"))
    (tmp_path / "rules.toml").write_text("not TOML")
    for wrong in (["--rules", "rules.toml"], ["-o", "no/where"], ["--report", "json:no/where"], ["--exclude", "!"]):
        assert run("scan", *wrong, cwd=tmp_path).code == 2


def test_3_something_could_not_be_looked_at(run: Run, repo: Repository) -> None:
    id_ = repo.blob("x\n")
    repo.loose(id_).chmod(0o644)
    repo.loose(id_).write_bytes(b"damaged")
    assert run("history", repo.path).code == 3


def test_findings_win_over_incomplete(run: Run, repo: Repository, key: str) -> None:
    repo.commit_file("f", key)
    id_ = repo.blob("x\n")
    repo.loose(id_).chmod(0o644)
    repo.loose(id_).write_bytes(b"damaged")
    result = run("history", repo.path)
    assert (result.code, result.complete) == (1, False)


def test_exit_zero_turns_1_into_0_and_nothing_else(run: Run, repo: Repository, key: str) -> None:
    repo.commit_file("f", key)
    assert run("scan", repo.path, "--exit-zero").code == 0
    assert run("scan", "no such path", "--exit-zero").code == 2
    id_ = repo.blob("x\n")
    repo.loose(id_).chmod(0o644)
    repo.loose(id_).write_bytes(b"damaged")
    # An incomplete scan never exits 0.
    assert run("history", repo.path, "--exit-zero").code == 3


@pytest.mark.parametrize("options", [[], ["-vv"], ["-q"], ["--exit-zero"]])
def test_4_bug(run: Run, tmp_path: Path, key: str, crash: Callable[[BaseException], None], options: list[str]) -> None:
    """A short message that says what to do, without locals, messages and secrets."""
    crash(ZeroDivisionError(f"while looking at {key}"))
    result = run("scan", *options, cwd=tmp_path)
    assert result.code == 4
    assert "bug in akpatrol: ZeroDivisionError at test_exit_codes.py:" in result.err
    assert "report it" in result.err
    assert key not in result.err
    assert "Traceback" not in result.err
    assert "looking at" not in result.err


@pytest.mark.parametrize("error", [MemoryError(), RecursionError(), OSError(5, "I/O error"), KeyError("x"), EOFError()])
def test_4_whatever_the_bug_is(
    run: Run, tmp_path: Path, crash: Callable[[BaseException], None], error: BaseException
) -> None:
    crash(error)
    assert run("scan", cwd=tmp_path).code == 4


@pytest.mark.parametrize("module", ["click", "ahocorasick", "akpatrol.cli", "akpatrol.pipeline", "akpatrol.scan.run"])
def test_4_dependency_that_cannot_be_imported(tmp_path: Path, module: str) -> None:
    words = ("scan", "-v") if module == "click" else ("scan",)  # without options click is not needed
    done = execute(*words, patch=f"import sys; sys.modules[{module!r}] = None", cwd=tmp_path)
    assert done.code == 4
    assert b"Traceback" not in done.err
    assert b"ModuleNotFoundError" in done.err


def test_hyperscan_may_be_missing(tmp_path: Path, key: str) -> None:
    (tmp_path / "f").write_bytes(b"\n" * (3 << 20) + key.encode())
    done = execute("scan", patch="import sys; sys.modules['hyperscan'] = None", cwd=tmp_path)
    assert done.code == 1


@pytest.fixture
def many(tmp_path: Path, new_key: Callable[[], str]) -> Path:
    """More findings than a pipe holds the report of."""
    tree = tmp_path / "many"
    tree.mkdir()
    (tree / ("f" * 200)).write_text("".join(f"{new_key()}\n" for _ in range(500)))
    return tree


@pytest.mark.parametrize("format_", ["text", "json", "jsonl", "sarif"])
@pytest.mark.parametrize("wait", [False, True], ids=["early", "late"])
def test_141_reader_went_away(many: Path, format_: str, *, wait: bool) -> None:
    process = start("scan", many, "-f", format_)
    assert process.stdout
    if wait:
        assert process.stdout.read(1)
    process.stdout.close()
    process.stdout = None
    done = finish(process)
    assert (done.code, done.err) == (141, b"")


def test_141_in_a_shell(many: Path) -> None:
    words = [os.fsdecode(word) for word in command("scan", many)]
    script = 'set -o pipefail; "$@" | head -c 1 >/dev/null; echo "${PIPESTATUS[0]}"'
    done = subprocess.run(["bash", "-c", script, "bash", *words], capture_output=True, check=False)
    assert (done.stdout, done.stderr) == (b"141\n", b"")


def test_141_files_are_written_nevertheless(many: Path, tmp_path: Path) -> None:
    process = start("scan", many, "--report", f"json:{tmp_path / 'report.json'}")
    assert process.stdout
    process.stdout.close()
    process.stdout = None
    assert finish(process).code == 141
    assert (tmp_path / "report.json").stat().st_size > 100_000


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["scan", "--help"], ["rules", "list"]], ids=" ".join)
def test_141_for_what_is_no_report(arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = start(*arguments, stdout=writer)
    os.close(writer)
    done = finish(process)
    assert (done.code, done.err) == (141, b"")


@pytest.mark.parametrize(("closed", "code"), [(">&-", 141), ("2>&-", 1), (">&- 2>&-", 141), ("<&-", 1)])
def test_streams_closed_before_the_start(many: Path, closed: str, code: int) -> None:
    words = [sys.executable, "-m", "akpatrol", "scan", str(many), "--min-confidence", "low"]
    done = subprocess.run(["sh", "-c", f'exec "$@" {closed}', "sh", *words], capture_output=True, check=False)
    assert done.returncode == code
    assert b"Traceback" not in done.stderr


def test_closed_standard_error_puts_no_message_into_the_report(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "akpatrol", "scan", str(tmp_path / "no such path")]
    done = subprocess.run(["sh", "-c", 'exec "$@" 2>&-', "sh", *words], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (2, b"")


@pytest.mark.skipif(not _FULL.exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("arguments", [["scan"], ["rules", "list"], ["--help"]], ids=" ".join)
def test_full_disk(tmp_path: Path, arguments: list[str]) -> None:
    with _FULL.open("wb") as full:
        done = finish(start(*arguments, stdout=full, cwd=tmp_path))
    assert done.code == 2
    assert b"cannot write standard output: No space left on device" in done.err
    assert b"Traceback" not in done.err
    assert b"Exception ignored" not in done.err


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["--version"], ["scan", "--help"], ["rules", "-h"]])
def test_help_is_no_error(arguments: list[str]) -> None:
    done = inside(*arguments)
    assert (done.code, done.err) == (0, b"")


@pytest.mark.parametrize(("content", "out"), [("clean", False), ("key", True)])
def test_quiet(tmp_path: Path, key: str, content: str, *, out: bool) -> None:
    (tmp_path / "f").write_text(key if content == "key" else content)
    done = inside("scan", tmp_path, "-q")
    assert (done.code, bool(done.out), done.err) == (int(out), out, b"")


def test_quiet_still_tells_what_was_missed(tmp_path: Path) -> None:
    script = f'exec "{sys.executable}" -m akpatrol scan - -q <&-'
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 3
    assert done.stdout.startswith(b"INCOMPLETE")


def test_quiet_writes_machine_formats(tmp_path: Path) -> None:
    done = inside("scan", "-q", "-f", "json", cwd=tmp_path)
    assert done.out.startswith(b"{")
