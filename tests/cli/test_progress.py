"""The bar on standard error: for a person who waits, and for nobody else."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.cli import progress as progress_
from akpatrol.cli.progress import ScanProgress
from akpatrol.config.settings import Settings
from akpatrol.errors import GitError
from akpatrol.model.scan import Counted, Target
from akpatrol.scan.result import ScanResult
from akpatrol.sources.files import FilesSource
from tests.program import Done, execute, on_terminal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.repositories import Repository

# No waiting for the bar, all frames, and files that take a while.
_SLOW = """
import time
from akpatrol.cli import progress
progress._A_MOMENT = progress._BETWEEN_FRAMES = progress._STEADY_SECONDS = 0
progress._AGREEMENT = 1e9
from akpatrol.detect.engine import Engine
scan = Engine.scan
Engine.scan = lambda *arguments: time.sleep(0.02) or scan(*arguments)
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for number in range(40):
        (tmp_path / f"f{number}").write_bytes(b"clean\n" * 10_000)
    return tmp_path


def _screen(written: bytes) -> list[str]:
    """Return the lines of a terminal after all that was written to it."""
    lines, row = [""], 0
    for control, text in re.findall(r"(\x1b\[[?\d;]*[A-Za-z]|[\r\n])|([^\x1b\r\n]+)", written.decode()):
        assert text.isprintable() or not text, written
        if control == "\n":
            row += 1
            lines += [""] * (row == len(lines))
        elif control == "\x1b[1A":
            row -= 1
        elif control in ("\r", "\x1b[2K"):  # a frame erases the one before
            lines[row] = "" if control != "\r" else lines[row]
        lines[row] += text
    return [line.rstrip() for line in lines]


def _frames(done: Done) -> list[str]:
    plain = re.sub(r"\x1b\[[?\d;]*[A-Za-z]", "", done.err.decode())
    return [frame.strip() for frame in plain.split("\r") if frame.strip()]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_bar_of_a_scan(tree: Path, jobs: str) -> None:
    done = on_terminal("scan", tree, "--jobs", jobs, terminals=["stderr"], patch=_SLOW)
    assert done.code == 0
    frames = _frames(done)
    wanted = r"\S{24} +\d+%  \d+ of 40 files  \d+ MB  \d+ MB/s  \d+:\d\d left"
    assert sum(bool(re.fullmatch(wanted, frame)) for frame in frames) > 5, frames
    assert all(len(frame) < 80 for frame in frames)
    assert b"\x1b[?25l" not in done.err  # a run that is killed could not bring the cursor back
    assert not any(_screen(done.err))
    assert done.out.startswith(b"No credentials found")


def test_bar_of_a_history(repo: Repository) -> None:
    for number in range(20):
        repo.write(f"f{number}", f"clean {number}\n")
    repo.commit()
    patch = f"{_SLOW}\nfrom akpatrol.sources.git import units; units._COUNTED_EVERY = 1"
    done = on_terminal("history", repo.path, terminals=["stderr"], patch=patch)
    assert any(re.search(r"[1-9][\d.]* (bytes|kB) of [\d.]+ kB packed", frame) for frame in _frames(done)), _frames(
        done
    )
    assert not any(_screen(done.err))


def test_a_stream_has_a_rate(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"clean\n" * 2_000_000)
    script = "import os, sys; os.dup2(os.open('f', os.O_RDONLY), 0)\n" + _SLOW
    done = on_terminal("scan", "-", terminals=["stderr"], patch=script, cwd=tmp_path)
    assert any(re.fullmatch(r"\S{24} 12 MB  \d+ MB/s", frame) for frame in _frames(done)), _frames(done)


def test_nothing_without_a_terminal(tree: Path) -> None:
    assert execute("scan", tree, patch=_SLOW).err == b""


def test_nothing_when_not_wanted(tree: Path) -> None:
    assert on_terminal("scan", tree, "--no-progress", terminals=["stderr"], patch=_SLOW).err == b""


def test_nothing_for_little_work(tree: Path) -> None:
    """Less than a moment of it, which a machine with much else to do takes for little work too."""
    longer = "from akpatrol.cli import progress; progress._A_MOMENT = 60"
    assert on_terminal("scan", tree, terminals=["stderr"], patch=longer).err == b""


def test_lines_in_a_log(tree: Path) -> None:
    """Where progress is asked for and nobody can see a bar move."""
    done = execute("scan", tree, "--progress", patch=_SLOW)
    (line,) = done.err.decode().splitlines()
    assert line.startswith("akpatrol: ")
    assert "MB/s" in line


def test_nothing_is_left_after_an_error(tree: Path) -> None:
    patch = f"""{_SLOW}
from akpatrol import pipeline; from akpatrol.scan import execute as execution
from akpatrol.scan import run
def group(*_): raise ZeroDivisionError
run._group = group
"""
    done = on_terminal("scan", tree, terminals=["stderr"], patch=patch)
    assert done.code == 4
    assert _screen(done.err)[0].startswith("akpatrol: this is a bug"), done.err


@pytest.mark.parametrize("columns", [24, 40, 60])
def test_bar_of_a_narrow_terminal(tree: Path, columns: int) -> None:
    """With room for the "^C" that a terminal echoes, so that one line can be erased."""
    done = on_terminal("scan", tree, terminals=["stderr"], patch=_SLOW, variables={"COLUMNS": str(columns)})
    frames = _frames(done)
    assert max(map(len, frames)) <= columns - 2, frames
    assert sum(bool(re.search(r" \d+%.*  \d:\d\d left$", frame)) for frame in frames) > 5, frames
    assert not any("…" in frame for frame in frames)


def test_a_bar_is_there_while_the_work_is_planned(tree: Path) -> None:
    late = f"""{_SLOW}
from akpatrol.sources.files import FilesSource
plan = FilesSource.plan
FilesSource.plan = lambda source: time.sleep(1) or plan(source)
"""
    done = on_terminal("scan", tree, terminals=["stderr"], patch=late)
    frames = _frames(done)
    assert frames[0].endswith(" planning"), frames
    assert not any("planning" in frame for frame in frames[1:])
    assert not any(_screen(done.err))


def test_no_bar_is_left_above_what_ctrl_c_says(tree: Path) -> None:
    patch = f"""{_SLOW}
import os, signal
draw = progress.StatusLine._draw
def interrupted(line, text, done, total):
    draw(line, text, done, total)
    if done == 5:
        os.write(2, b"^C")  # as a terminal echoes it
        signal.raise_signal(signal.SIGINT)
progress.StatusLine._draw = interrupted
"""
    done = on_terminal("scan", tree, "--jobs", "1", terminals=["stderr"], patch=patch)
    assert done.code == 130
    said, *rest = _screen(done.err)
    assert said == "akpatrol: interrupted: reporting what was found; Ctrl-C again ends at once"
    assert not any(rest)


def test_counting_is_right_and_asked_for_once(tree: Path) -> None:
    (tree / "sub").mkdir()
    (tree / "sub" / "more").touch()
    (tree / "link").symlink_to("f0")
    targets = [Target("0", "directory", str(tree)), Target("1", "file", str(tree / "f0"))]
    source = FilesSource(targets, lambda _root: lambda path, _: path == b"f1")
    assert source.size_hint() is None or source.size_hint()
    give_up = time.monotonic() + 60
    while source.size_hint() is None:
        assert time.monotonic() < give_up
    assert source.size_hint() == (41, "files")


class _Source:
    def __init__(self, *hints: Any) -> None:
        self._hints = list(hints)

    def size_hint(self) -> Any:
        hint = self._hints.pop(0)
        if isinstance(hint, Exception):
            raise hint
        return hint


def _line(progress: ScanProgress, done: int, size: int = 0, seconds: float = 2.0) -> str:
    tally = ScanResult()
    tally.add(Counted("files", done, size))
    return progress._text(tally, progress._ahead(), seconds)


def _progress(*sources: Any) -> ScanProgress:
    return ScanProgress(sources, Settings({}))


def test_total_that_becomes_known() -> None:
    progress = _progress(_Source(None, (10, "files")))
    assert _line(progress, 1, 4_000_000) == "1 file  4 MB  2 MB/s"
    assert _line(progress, 1) == " 10%  1 of 10 files  0 MB  0 MB/s"
    assert _line(progress, 5, seconds=10.0) == " 50%  5 of 10 files  0 MB  0 MB/s  0:10 left"
    assert _line(progress, 20, seconds=12.0) == "100%  20 of 10 files  0 MB  0 MB/s  0:00 left"


def test_total_of_several_sources_is_known_when_all_are() -> None:
    assert "of 30 files" in _line(_progress(_Source((10, "files")), _Source((20, "files"))), 1)
    assert "of" not in _line(_progress(_Source((10, "files")), _Source(None)), 1)


def test_source_that_cannot_count() -> None:
    progress = _progress(_Source(GitError("broken")))
    assert _line(progress, 3) == _line(progress, 3) == "3 objects  0 MB  0 MB/s"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59.4, "0:59"), (61, "1:01"), (3599.9, "1:00:00"), (36_061, "10:01:01")]
)
def test_durations(seconds: float, text: str) -> None:
    assert progress_._duration(seconds) == text


def test_a_hook_does_not_import_rich(repo: Repository) -> None:
    """Little work shows no bar, on a terminal too."""
    repo.write("f", "clean\n")
    repo.git("add", "f")
    loaded = "import atexit, sys; atexit.register(lambda: print('rich' in sys.modules))"
    done = on_terminal(
        "staged",
        terminals=["stderr"],
        patch=f"from akpatrol.cli import progress; progress._A_MOMENT = 60; {loaded}",
        cwd=repo.path,
    )
    assert done.out.endswith(b"False\n")


def test_the_time_left_of_a_history_goes_by_packed_bytes() -> None:
    progress = _progress(_Source((10_000_000, "stored bytes")))
    tally = ScanResult()
    tally.add(Counted("blobs", 1, 40_000_000, 5_000_000))
    line = progress._text(tally, progress._ahead(), 1.0)
    assert line == " 50%  5.0 MB of 10.0 MB packed  40 MB  40 MB/s"
    tally.add(Counted("blobs", 1, 1_000_000, 2_000_000))
    assert progress._text(tally, progress._ahead(), 4.0).endswith(" left")


def test_no_time_is_promised_before_the_speed_is_steady() -> None:
    estimate = progress_._Estimate()
    assert estimate.left(0.0001, 1.0) is None
    assert estimate.left(0.001, 4.0) is None  # hardly anything is read yet
    assert estimate.left(0.5, 5.0) == pytest.approx(4.5, rel=0.2)  # little is left, whatever the speed
    # What was slow so far and is quick now promises nothing for the long rest.
    slow = progress_._Estimate()
    for second in range(1, 100):
        slow.left(0.0002 * second, float(second))
    assert slow.left(0.021, 100.0) is not None
    assert slow.left(0.06, 101.0) is None


def test_what_came_before_the_first_result_says_nothing_about_the_speed() -> None:
    estimate = progress_._Estimate()
    for second in range(10, 21):
        left = estimate.left(0.02 * (second - 10), float(second))
    assert left == pytest.approx(40)


def test_the_time_left_follows_a_speed_that_changes() -> None:
    estimate = progress_._Estimate()
    for second in range(10):
        estimate.left(0.02 * second, float(second))
    for second in range(10, 17):
        left = estimate.left(0.2 + 0.03 * (second - 10), float(second))
    assert left == pytest.approx((1 - 0.38) / 0.03)


@pytest.mark.parametrize("columns", [20, 30, 40, 50, 60])
def test_a_line_is_never_cut_off(columns: int) -> None:
    parts = [" 50%", "5 of 10 MB packed", "40 MB", "40 MB/s", "0:03 left"]
    line = progress_._fitting(parts, columns, (3, 2, 1))
    assert len(line) <= columns
    assert line.startswith(" 50%")
    assert line.endswith("0:03 left")
    assert set(line.strip().split("  ")) <= {part.strip() for part in parts}
