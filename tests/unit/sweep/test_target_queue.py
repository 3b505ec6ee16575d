"""The order in which targets are read, and which of them share a task."""

from __future__ import annotations

from akpatrol.model.scan import Target
from akpatrol.sweep.signature import TargetSignature
from akpatrol.sweep.target_queue import TargetQueue


def queue(*sizes: int, revealing: int = -1) -> TargetQueue:
    made = TargetQueue()
    for number, size in enumerate(sizes):
        seen = TargetSignature("signature", size)
        made.add(Target("0", "directory", f"/{number}"), seen, is_revealing=number == revealing)
    return made


def taken(waiting: TargetQueue, workers: int) -> list[list[int]]:
    """Return the sizes of the targets of each task."""
    found = []
    while waiting:
        found.append([one.seen.size for one in waiting.take(workers)])
    assert waiting.bytes == 0
    return found


def test_the_largest_comes_first_and_alone() -> None:
    assert taken(queue(1, 3, 2), 1) == [[3], [2], [1]]
    assert taken(queue(*[1] * 4, 100 << 20), 2)[0] == [100 << 20]


def test_small_ones_share_a_task_as_long_as_all_workers_have_enough() -> None:
    batches = taken(queue(*range(400)), 2)
    assert max(map(len, batches)) == 32
    assert [len(batch) for batch in batches[-8:]] == [1] * 8
    assert sorted(size for batch in batches for size in batch) == list(range(400))


def test_what_one_task_reads_is_bounded() -> None:
    assert max(sum(batch) for batch in taken(queue(*[1 << 20] * 200), 2)) <= 4 << 20


def test_a_name_that_is_a_secret_shares_nothing() -> None:
    waiting = queue(*[5] * 100, revealing=50)
    batches = []
    while waiting:
        batches.append(waiting.take(2))
    assert [len(batch) for batch in batches if any(one.is_revealing for one in batch)] == [1]


def test_those_of_a_lost_worker_are_tried_one_by_one() -> None:
    waiting = queue(*range(100))
    batch = waiting.take(2)
    assert len(batch) > 1
    waiting.again(batch)
    assert [[one] for one in batch] == [waiting.take(2) for _ in batch]
