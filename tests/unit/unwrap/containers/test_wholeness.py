"""What headers and ends of archives say about volumes and truncation."""

from __future__ import annotations

import pytest

from akpatrol.unwrap.containers.wholeness import has_end, is_volume
from tests.corpus.foreign import cab_bytes, rar_bytes

_RAR4 = b"Rar!\x1a\x07\0"
_MAIN4 = b"\xcf\x90\x73\0\0\x0d\0" + bytes(6)
_END4 = b"\xc4\x3d\x7b\0\x40\7\0"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (rar_bytes({}), False),
        (rar_bytes({}, 1), True),
        (rar_bytes({}, 1 | 4), True),
        (_RAR4 + _MAIN4, False),
        (_RAR4 + _MAIN4[:3] + b"\1" + _MAIN4[4:], True),
        (cab_bytes({}), False),
        (cab_bytes({}, 1), True),
        (cab_bytes({}, 2), True),
        (cab_bytes({}, 4), False),
        (b"xar!\0\x1c", False),
    ],
)
def test_volumes(data: bytes, expected: bool) -> None:
    assert is_volume(data[:64]) is expected
    assert not any(is_volume(data[:size]) for size in range(8))


def test_ends() -> None:
    whole = rar_bytes({"a": b"text"})
    assert has_end(whole, whole[-64:])
    assert has_end(_RAR4, _RAR4 + _MAIN4 + _END4)
    for size in range(len(whole)):
        assert not has_end(whole, whole[:size][-64:])
    for size in range(len(_END4)):
        assert not has_end(_RAR4, (_RAR4 + _MAIN4 + _END4[:size])[-64:])
    assert has_end(b"xar!\0", b"")
