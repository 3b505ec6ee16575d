"""Addresses and lengths in machine code: what refers to a constant or copies it, and small numbers close to that.

The code is not disassembled. So an address is that of a constant only if it is where one can be, and a number is its
length only if something else begins there, or its copying ends there. Sources: Intel SDM 2 (LEA, MOV, MOVUPS, VEX), Arm
ARM C6 (ADRP, ADD, MOVZ, ORR), and WebAssembly 5.4.7 (i32.const).
"""

from __future__ import annotations

import re
import sys
from array import array
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.programs.wasm import unsigned

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator

    Reader = Callable[[bytes, int, Container[int]], Iterator["Use"]]

PAGE = 12  # bits
LEAST, MOST = 16, 4096  # bytes of a constant
_NEAR = 48  # bytes on either side of an address in which its length is

# lea r64, [rip + disp32], and what loads 8, 16 or 32 bytes from there; lea r32, [disp32]
_OPERAND = rb"[\x05\x0d\x15\x1d\x25\x2d\x35\x3d](....)"
_WIDE = tuple(
    re.compile(code + _OPERAND, re.DOTALL)
    for code in (b"\x48[\x8b\x8d]", b"\x4c[\x8b\x8d]", b"\x0f[\x10\x28\x6f]", b"\xc5.[\x10\x28\x6f]")
)
_LEA_CODE, _LOAD_CODE, _VEX, _LONG = 0x8D, 0x8B, 0xC5, 4
_LEA = re.compile(b"\x8d" + _OPERAND, re.DOTALL)
# mov r32, imm32; mov r/m, imm32, whose operand has up to six bytes; push imm8 and pop
_MOV = re.compile(
    rb"(?=(?:[\xb8-\xbf]|\xc7(?:[\x00-\x03\x06\x07\xc0-\xc7]|[\x40-\x43\x45-\x47].|\x44..|\x04.|[\x80-\x83\x85-\x87].{4}"
    rb"|\x84.{5}))(..)\0\0|\x6a([\x10-\x7f])[\x58-\x5f])",
    re.DOTALL,
)
_CONST = re.compile(rb"\x41(?=([\x80-\xff]{0,4}[\0-\x7f]))")
_ADRP, _ADRP_BITS = 0x90000000, 0x9F000000
_ADD, _ADD_BITS = 0x91000000, 0xFFC00000
_MOVZ, _MOVZ_BITS = 0x52800000, 0x7FE00000
_ORR, _ORR_BITS = 0x320003E0, 0x7F8003E0  # of no register: a pattern of bits as a number
_FOLLOWING = 8  # instructions


class Use(NamedTuple):
    """What code does with an address: it loads ``width`` bytes from there, or the address itself.

    ``numbers`` near by may be the length of what is there; ``place`` is the instruction's own address.
    """

    address: int
    numbers: tuple[int, ...]
    width: int = 0
    place: int = 0


def x86_64(code: bytes, address: int, pages: Container[int]) -> Iterator[Use]:
    """Yield the uses that code at an address makes of addresses in ``pages``."""
    for pattern in _WIDE:
        for match in pattern.finditer(code):
            target = address + match.end() + int.from_bytes(match[1], "little", signed=True)
            if target >> PAGE in pages:
                yield Use(target, _moved_near(code, match), _width(match[0]), address + match.start())


def _width(instruction: bytes) -> int:
    if instruction[1] in {_LEA_CODE, _LOAD_CODE}:
        return 0 if instruction[1] == _LEA_CODE else 8
    return 32 if instruction[0] == _VEX and instruction[1] & _LONG else 16


def x86(code: bytes, _address: int, pages: Container[int]) -> Iterator[Use]:
    """Yield the uses that code makes of addresses in ``pages``."""
    for match in _LEA.finditer(code):
        if (target := int.from_bytes(match[1], "little")) >> PAGE in pages:
            yield Use(target, _moved_near(code, match))


def _moved_near(code: bytes, match: re.Match[bytes]) -> tuple[int, ...]:
    near = code[max(0, match.start() - _NEAR) : match.end() + _NEAR]
    return _sizes(int.from_bytes(move[1] or move[2], "little") for move in _MOV.finditer(near))


def arm64(code: bytes, address: int, pages: Container[int]) -> Iterator[Use]:
    """Yield the uses that code at an address makes of addresses in ``pages``."""
    words = array("I")
    words.frombytes(code[: len(code) // 4 * 4])
    if sys.byteorder == "big":
        words.byteswap()
    for index in [index for index, word in enumerate(words) if word & _ADRP_BITS == _ADRP]:
        word = words[index]
        distance = (word >> 5 & 0x7FFFF) << 2 | word >> 29 & 3
        distance -= (distance & 1 << 20) << 1
        page = ((address + 4 * index) >> PAGE) + distance
        if page not in pages:
            continue
        for after in words[index + 1 : index + 1 + _FOLLOWING]:
            if after & _ADD_BITS == _ADD and after >> 5 & 31 == word & 31:
                near = words[max(0, index - _NEAR // 4) : index + _NEAR // 4]
                yield Use((page << PAGE) + (after >> 10 & 0xFFF), _sizes(map(_moved, near)))
                break


def _moved(word: int) -> int:
    """Return the number that an instruction moves into a register, 0 where it is another one."""
    if word & _MOVZ_BITS == _MOVZ:
        return word >> 5 & 0xFFFF
    if word & _ORR_BITS != _ORR:
        return 0
    # So many ones, rotated to the right, in an element whose size the highest zero says.
    ones, rotation = word >> 10 & 63, word >> 16 & 63
    bits = 1 << max(0, ((word >> 22 & 1) << 6 | ~ones & 63).bit_length() - 1)
    number, rotation = (1 << (ones & bits - 1) + 1) - 1, rotation & bits - 1
    return (number >> rotation | number << bits - rotation) & (1 << bits) - 1


def wasm(code: bytes, _address: int, pages: Container[int]) -> Iterator[Use]:
    """Yield the constants that are addresses in ``pages``."""
    for match in _CONST.finditer(code):
        target, _ = unsigned(match[1])
        if (target & 0xFFFFFFFF) >> PAGE in pages:
            near = code[max(0, match.start() - _NEAR) : match.end() + _NEAR]
            numbers = _sizes(unsigned(other[1])[0] for other in _CONST.finditer(near))
            yield Use(target & 0xFFFFFFFF, numbers)


def _sizes(numbers: Iterable[int]) -> tuple[int, ...]:
    return tuple({number for number in numbers if LEAST <= number <= MOST})


READERS: dict[str, Reader] = {"x86-64": x86_64, "x86": x86, "arm64": arm64, "wasm": wasm}
