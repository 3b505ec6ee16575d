"""Contents that were silent before are not examined again; findings, skips and exhausted work are never remembered."""

from __future__ import annotations

import base64
import io
import zipfile
from typing import TYPE_CHECKING

import pytest

from akpatrol.model.credential import RawFinding
from akpatrol.model.scan import Content, Counted, Origin, Skipped
from akpatrol.rules import rule_file
from akpatrol.scan.examine import Examiner
from akpatrol.scan.silent_contents import SilentContents, key_of
from akpatrol.scan.work import Work
from tests.credentials import organization_key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from akpatrol.scan.decode import ScanItem

_TEXT = b"Nothing is in this text, however long it may be made to be.\n" * 4


@pytest.fixture
def examiner() -> Examiner:
    return Examiner(rule_file.load())


def _zip(**members: bytes) -> Content:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return Content(Origin("0", path=b"a.zip"), data.getvalue())


def _examined(monkeypatch: pytest.MonkeyPatch, examiner: Examiner) -> list[bytes]:
    searched: list[bytes] = []
    original = examiner.engine.prefiltered

    def recorded(data: bytes) -> object:
        searched.append(data)
        return original(data)

    monkeypatch.setattr(examiner.engine, "prefiltered", recorded)
    return searched


def test_a_repeated_silent_member_is_searched_once_and_counted_each_time(
    examiner: Examiner, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched = _examined(monkeypatch, examiner)
    alone = [
        item for item in examiner.examine_item(_zip(a=_TEXT, b=_TEXT, c=_TEXT + b"!")) if isinstance(item, Counted)
    ]
    assert searched.count(_TEXT) == 1
    again = [
        item for item in examiner.examine_item(_zip(a=_TEXT, b=_TEXT, c=_TEXT + b"!")) if isinstance(item, Counted)
    ]
    assert searched.count(_TEXT) == 1
    assert again == alone
    assert sum(item.number for item in alone if item.name == "members") == 3


def test_a_repeated_finding_is_found_each_time(examiner: Examiner, rng: Random) -> None:
    key = organization_key(rng).encode()
    held = b"anyreach = " + key + b"\n" + base64.b64encode(_TEXT)
    for _ in range(2):
        findings = [item for item in examiner.examine_item(_zip(a=held, b=held)) if isinstance(item, RawFinding)]
        assert {finding.origin.containers[0] for finding in findings} == {"zip:a", "zip:b"}


def test_an_archive_in_an_archive_is_opened_each_time(examiner: Examiner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its bounds hold for what it expands to, which a bomb repeats."""
    searched = _examined(monkeypatch, examiner)
    inner = _zip(x=_TEXT, y=_TEXT * 2).data
    for _ in range(2):
        items = [*examiner.examine_item(_zip(a=inner, b=inner))]
        assert sum(item.number for item in items if isinstance(item, Counted)) == 6
    assert searched.count(_TEXT) == 1


def test_only_counts_are_remembered_and_not_what_came_after_the_work_ran_out() -> None:
    silent, count, calls = SilentContents(), Counted("members", 1), 0

    def examine(*items: ScanItem) -> Iterator[ScanItem]:
        nonlocal calls
        calls += 1
        yield from items

    def came(key: int, work: Work, *items: ScanItem) -> list[ScanItem]:
        return list(silent.examined(key, lambda: examine(*items), work))

    for _ in range(2):
        assert came(1, Work(), count, Skipped("a", "why")) == [count, Skipped("a", "why")]
    assert calls == 2
    exhausted = Work()
    exhausted.left = 0
    for _ in range(2):
        assert came(2, exhausted, count) == [count]
    assert calls == 4
    for _ in range(2):
        assert came(2, Work(), count) == [count]
    assert calls == 5
    for _ in range(2):
        assert list(silent.examined(3, lambda: examine(count), Work(), most=0)) == [count]
    assert calls == 7


def test_the_key_tells_what_matters() -> None:
    content = Content(Origin("0", path=b"a"), _TEXT)
    deeper = content._replace(origin=content.origin._replace(containers=("zip:a",)))
    elsewhere = content._replace(origin=content.origin._replace(path=b"b"))
    assert key_of(content, paths_matter=False) == key_of(elsewhere, paths_matter=False)
    keys = {
        key_of(content, paths_matter=True),
        key_of(elsewhere, paths_matter=True),
        key_of(deeper, paths_matter=True),
        key_of(content._replace(data=_TEXT + b"."), paths_matter=True),
    }
    assert len(keys) == 4
    assert key_of(content._replace(read=lambda _number: b""), paths_matter=False) is None
    assert key_of(Counted("x", 1), paths_matter=False) is None
