"""What code says of the constants that it uses: instructions as assemblers encode them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from akpatrol.programs.image import Image, LoadedSegment, ProgramBytes
from akpatrol.programs.instructions import PAGE, READERS, Use, arm64, wasm, x86, x86_64
from akpatrol.programs.references import collect

if TYPE_CHECKING:
    from collections.abc import Sequence

_CODE, _POOL = 0x10000, 0x40000
_PAGES = {_POOL >> PAGE}


def _operand(code: bytes, opcode: bytes, target: int, at: int = _CODE) -> bytes:
    """Return code with an instruction that uses an address relative to the next one."""
    return code + opcode + struct.pack("<i", target - (at + len(code) + len(opcode) + 4))


@pytest.mark.parametrize(
    ("opcode", "width"),
    [
        (b"\x48\x8d\x3d", 0),  # lea rdi
        (b"\x4c\x8d\x05", 0),  # lea r8
        (b"\x48\x8b\x05", 8),  # mov rax
        (b"\x0f\x10\x05", 16),  # movups xmm0
        (b"\xf3\x0f\x6f\x05", 16),  # movdqu xmm0
        (b"\xc5\xf8\x10\x05", 16),  # vmovups xmm0
        (b"\xc5\xfc\x10\x05", 32),  # vmovups ymm0
    ],
)
@pytest.mark.parametrize(
    "length",
    [
        b"\xbe\x2c\0\0\0",  # mov esi, 44
        b"\x41\xb8\x2c\0\0\0",  # mov r8d, 44
        b"\x48\xc7\xc6\x2c\0\0\0",  # mov rsi, 44
        b"\x48\xc7\x44\x24\x08\x2c\0\0\0",  # mov qword [rsp + 8], 44
        b"\x48\xc7\x84\x24\x90\1\0\0\x2c\0\0\0",  # mov qword [rsp + 400], 44
        b"\x48\xc7\x40\x08\x2c\0\0\0",  # mov qword [rax + 8], 44
        b"\x6a\x2c\x5e",  # push 44; pop rsi
    ],
)
def test_x86_64_loads_an_address_and_a_length(opcode: bytes, width: int, length: bytes) -> None:
    for code in (_operand(length + b"\x90", opcode, _POOL + 5), _operand(b"\x90", opcode, _POOL + 5) + length):
        (use,) = x86_64(code, _CODE, _PAGES)
        assert (use.address, use.width) == (_POOL + 5, width)
        assert 44 in use.numbers


def test_other_addresses_and_numbers_are_left() -> None:
    far = _operand(b"", b"\x48\x8d\x3d", _POOL + (1 << PAGE))
    assert not [*x86_64(far, _CODE, _PAGES)]
    (use,) = x86_64(_operand(b"\xbe\1\0\0\0\xbf\xff\xff\0\0", b"\x48\x8d\x3d", _POOL), _CODE, _PAGES)
    assert use.numbers == ()


def test_x86_loads_an_absolute_address() -> None:
    code = b"\x8d\x05" + struct.pack("<I", _POOL + 9) + b"\xc7\x44\x24\x04\x38\0\0\0"
    assert [*x86(code, _CODE, _PAGES)] == [Use(_POOL + 9, (56,))]


def _arm64(target: int, length: int) -> bytes:
    page = (target >> 12) - (_CODE >> 12)
    adrp = 0x90000000 | (page & 3) << 29 | (page >> 2 & 0x7FFFF) << 5 | 1
    add = 0x91000000 | (target & 0xFFF) << 10 | 1 << 5 | 1
    return struct.pack("<III", adrp, add, length)


@pytest.mark.parametrize(
    ("move", "number"),
    [
        (0xD2800582, 44),  # mov x2, #44
        (0x52800582, 44),  # mov w2, #44
        (0xB27D0BE2, 56),  # orr x2, xzr, #0x38
        (0xB24017E2, 63),  # orr x2, xzr, #0x3f
        (0x321D0BE2, 56),  # orr w2, wzr, #0x38
    ],
)
@pytest.mark.parametrize("target", [_POOL + 5, _POOL + 0xABC])
def test_arm64_loads_an_address_and_a_length(move: int, number: int, target: int) -> None:
    assert [*arm64(_arm64(target, move), _CODE, _PAGES)] == [Use(target, (number,))]


def test_arm64_addresses_lie_before_the_code_too() -> None:
    code = _arm64(0x8005, 0xD2800582)
    assert [*arm64(code, _CODE, {8})] == [Use(0x8005, (44,))]
    assert not [*arm64(_arm64(0x8005, 0xD2800582)[:4], _CODE, {8})]


def test_wasm_has_constants() -> None:
    code = b"\x41\x85\x80\x10\x41\xc4\0\x10\3"
    assert [use for use in wasm(code, 0, _PAGES) if use.address == _POOL + 5] == [Use(_POOL + 5, (68,))]


def _collected(texts: Sequence[bytes], code: bytes) -> set[int]:
    """Return the edges that code gives to the texts of a pool."""
    pool = b"".join(texts)
    file = pool + code
    segments = (LoadedSegment(0, len(pool), _POOL), LoadedSegment(len(pool), len(code), _CODE, is_code=True))
    data = ProgramBytes(lambda offset, number: file[offset : offset + number], len(file))
    return collect(Image(segments, 8, machine="x86-64"), data, [0]).edges - {-1}


def test_a_copy_in_pieces_has_two_edges() -> None:
    """A text of 44 bytes is copied by three loads, the last of which overlaps the one before."""
    code = b""
    for at in (0, 28, 16):
        code = _operand(code, b"\x0f\x10\x05", _POOL + 5 + at) + b"\x0f\x11\x40\x10"
    texts = [b"first", bytes(44), b"next"]
    assert _collected(texts, code) == {5, 49}
    # Code that is far from it copies the next text.
    code = _operand(code + b"\x90" * 100, b"\x48\x8b\x05", _POOL + 49)
    assert _collected([*texts, b"more"], code) == {5, 49, 57}


def test_the_readers_are_those_of_known_machines() -> None:
    assert set(READERS) == {"x86-64", "x86", "arm64", "wasm"}
