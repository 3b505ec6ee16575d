"""The sweep itself, with a real store: what is begun when, and what becomes of each target."""

from __future__ import annotations

from concurrent.futures import BrokenExecutor, Future
from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.config.limits import Limits
from akpatrol.model.scan import Confidence, Skipped, Target
from akpatrol.rules import rule_file
from akpatrol.runtime.worker_pool import InlinePool
from akpatrol.sweep import run, signature, tasks, work
from akpatrol.sweep.clones import CloneError
from akpatrol.sweep.run import Sweep
from akpatrol.sweep.store.store import SweepStore
from akpatrol.sweep.urls import CloneWanted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from akpatrol.sweep.run import Planned
    from akpatrol.sweep.tasks import ScannedTarget

_AT = "2026-03-01T02:00:00Z"
_ORDER = work.ScanSpec(rule_file.load(), Limits(), Confidence.MEDIUM)


class Watcher:
    """Follows a sweep."""

    def __init__(self) -> None:
        self.targets = self.same = self.ticks = 0
        self.outcomes: list[ScannedTarget | None] = []

    def met(self, _size: int) -> None:
        self.targets += 1

    def unchanged(self, _size: int) -> None:
        self.same += 1

    def done(self, _size: int, outcome: ScannedTarget | None) -> None:
        self.outcomes.append(outcome)

    def tick(self) -> None:
        self.ticks += 1


class Swept:
    """Sweeps into one store; ``task`` may do in a target's place something else."""

    def __init__(self, store: SweepStore) -> None:
        self.store = store
        self.read: list[str] = []
        self.task: Callable[[str], None] = lambda _root: None

    ready = is_local = True

    @property
    def workers(self) -> int:
        return 1

    def submit(self, task: Callable[..., Any], *arguments: Any, at: str = "") -> Future[Any]:
        def own() -> Any:
            if task is tasks.read:
                (target,) = arguments[1]
                self.read.append(target.root.rpartition("/")[2])
                self.task(target.root)
            return task(*arguments)

        return InlinePool().submit(own, at=at)

    def new(self, order: work.ScanSpec = _ORDER) -> tuple[Sweep, Watcher]:
        watcher = Watcher()
        self.read.clear()
        return Sweep(self, order, self.store, self.store.begin(_AT, "a" * 64), watcher), watcher

    def go(self, plan: Iterable[Planned], order: work.ScanSpec = _ORDER) -> Watcher:
        sweep, watcher = self.new(order)
        sweep.go(plan, _nothing_to_clone)
        return watcher


def _nothing_to_clone(_wanted: CloneWanted) -> str:
    raise AssertionError


@pytest.fixture
def swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Swept]:
    monkeypatch.setattr(signature, "SETTLED_NS", -1)
    with SweepStore(str(tmp_path / "store"), create=True) as store:
        yield Swept(store)


def targets(directory: Path, *sizes: int) -> list[Target]:
    """Make directories of one file each, of so many bytes."""
    made = []
    for number, size in enumerate(sizes):
        place = directory / f"d{number}"
        place.mkdir(parents=True)
        (place / "file").write_bytes(b"a" * size)
        made.append(Target(str(number), "directory", str(place)))
    return made


def skips(store: SweepStore) -> dict[str, str]:
    return {skip.item.rpartition("/")[2]: skip.reason for skip in store.report().coverage.skipped[1:]}


def test_the_largest_is_begun_first(swept: Swept, tmp_path: Path) -> None:
    swept.go(targets(tmp_path, 10, 30, 20))
    assert swept.read == ["d1", "d2", "d0"]


@pytest.mark.parametrize(("sizes", "elsewhere"), [([10] * 3, 0), ([10] * 6, 2), ([400_000], 1)])
def test_only_for_enough_work_do_processes_start(
    swept: Swept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sizes: list[int], elsewhere: int
) -> None:
    """What is less than takes a process to start is read here; many small targets are as much as a large one."""
    monkeypatch.setattr(Swept, "ready", False)
    monkeypatch.setattr(run, "_LITTLE_BYTES", 4 * run._TARGET_BYTES + 1000)
    watcher = swept.go(targets(tmp_path, *sizes))
    assert len(swept.read) == elsewhere
    assert len(watcher.outcomes) == len(sizes)


def test_more_targets_than_are_looked_ahead(swept: Swept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is looked at once, and the largest of those that are known is begun first."""
    monkeypatch.setattr(run, "_AHEAD", 4)
    watcher = swept.go(targets(tmp_path, *range(1, 21)))
    assert sorted(swept.read) == sorted(f"d{number}" for number in range(20))
    assert swept.read[:2] == ["d3", "d2"]
    assert swept.read[-1] == "d0"
    assert (watcher.targets, len(watcher.outcomes), watcher.same) == (20, 20, 0)
    assert len(swept.store.report().targets) == 20


def test_what_ends_while_others_are_written_is_written_too(
    swept: Swept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if nothing else is left to wait for."""
    ended: list[tuple[Future[Any], Any]] = []
    submit, put_all = swept.submit, swept.store.put_all

    def submit_slowly(task: Callable[..., Any], *arguments: Any, at: str = "") -> Future[Any]:
        done = submit(task, *arguments, at=at)
        if task is tasks.read and len(swept.read) > 1:
            future: Future[Any] = Future()
            ended.append((future, done.result()))
            return future
        return done

    def put_all_slowly(*arguments: Any) -> None:
        put_all(*arguments)
        while ended:
            future, result = ended.pop()
            future.set_result(result)

    monkeypatch.setattr(swept, "submit", submit_slowly)
    monkeypatch.setattr(swept.store, "put_all", put_all_slowly)
    watcher = swept.go(targets(tmp_path, 1, 2))
    assert swept.read == ["d1", "d0"]
    assert (len(watcher.outcomes), len(swept.store.report().targets)) == (2, 2)


def test_what_is_as_it_was_is_not_read(swept: Swept, tmp_path: Path) -> None:
    plan = targets(tmp_path, 1, 2, 3)
    swept.go(plan)
    (tmp_path / "d1" / "file").write_bytes(b"other")
    watcher = swept.go(plan)
    assert swept.read == ["d1"]
    assert watcher.same == 2
    assert not skips(swept.store)


@pytest.mark.parametrize(
    "order",
    [
        _ORDER._replace(exclude=("*.log",)),
        _ORDER._replace(minimum=Confidence.LOW),
        _ORDER._replace(limits=Limits(depth=1)),
        _ORDER._replace(secrets=True),
    ],
)
def test_other_conditions_have_all_be_read(swept: Swept, tmp_path: Path, order: work.ScanSpec) -> None:
    plan = targets(tmp_path, 1, 2)
    swept.go(plan)
    swept.go(plan, order)
    assert swept.read == ["d1", "d0"]


def test_a_bug_costs_one_target_and_tells_no_secret(swept: Swept, tmp_path: Path, key: str) -> None:
    def task(root: str) -> None:
        if root.endswith("d1"):
            raise LookupError(key)
        if root.endswith("d2"):
            raise BrokenExecutor(key)

    swept.task = task
    watcher = swept.go(targets(tmp_path, 1, 2, 3))
    assert skips(swept.store) == {
        "d1": "a bug in akpatrol: LookupError",
        "d2": "a worker process died while reading it",
    }
    assert watcher.outcomes.count(None) == 2
    # What was not read is not as it was.
    swept.task = lambda _root: None
    swept.go(targets(tmp_path / "more") + [Target("0", "directory", str(tmp_path / f"d{n}")) for n in range(3)])
    assert sorted(swept.read) == ["d1", "d2"]
    assert not skips(swept.store)


def test_stopped_in_the_middle(swept: Swept, tmp_path: Path) -> None:
    """What was begun is kept, nothing more is begun, and the next sweep goes on there."""
    plan = targets(tmp_path, 4, 3, 2, 1)
    sweep, _ = swept.new()
    swept.task = lambda root: sweep.stop() if root.endswith("d1") else None
    sweep.go(plan, _nothing_to_clone)
    assert sweep.stopped
    assert swept.read == ["d0", "d1"]
    assert len(swept.store.report().targets) == 2
    swept.task = lambda _root: None
    swept.go(plan)
    assert swept.read == ["d2", "d3"]


def test_what_cannot_be_cloned_or_was_never_a_target(swept: Swept, tmp_path: Path) -> None:
    (one,) = targets(tmp_path, 1)
    plan: list[Planned] = [
        CloneWanted("git://host/a"),
        Skipped("nowhere", "it is not there"),
        CloneWanted("git://host/b"),
        one,
    ]

    def clone(wanted: CloneWanted) -> str:
        if wanted.url.endswith("/a"):
            raise CloneError("nobody answers")
        return str(tmp_path)

    sweep, watcher = swept.new()
    sweep.go(plan, clone)
    reasons = skips(swept.store)
    assert reasons["a"] == "nobody answers"
    assert reasons["nowhere"] == "it is not there"
    assert watcher.targets == 2
    assert len(watcher.outcomes) == 2


def test_a_plan_that_fails_is_told_and_keeps_what_was_read(
    swept: Swept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "_AHEAD", 2)

    def plan() -> Iterator[Planned]:
        yield from targets(tmp_path, 1, 1)
        raise LookupError

    with pytest.raises(LookupError):
        swept.go(plan())
    assert swept.store.runs()[0].finished_at is None
    assert swept.read
    assert len(swept.store.report().targets) == len(swept.read)
