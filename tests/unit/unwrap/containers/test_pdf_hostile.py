"""PDF that is damaged, or made to take any amount of time or memory."""

from __future__ import annotations

import random
import re
import signal
import sys
from functools import cache
from itertools import pairwise
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING

import pytest

from akpatrol.config.limits import Limits
from akpatrol.unwrap.budget import Budget
from akpatrol.unwrap.containers import worker_process
from akpatrol.unwrap.containers.pdfs import worker
from tests.credentials import organization_key
from tests.unit.unwrap.containers.pdf_writer import HELVETICA, Pdf, flate, stream, subset
from tests.unit.unwrap.opening import Opened, as_content, gather, open_, through

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

_KEY = organization_key(random.Random(1))
_NUMBERS = (b"0", b"-1", b"3", b"99999999999", b"2147483648")
_REASONS = re.compile(r"PDF: .+|truncated.*|damaged.*")


@cache
def _sound(*, packed: bool) -> bytes:
    pdf = Pdf()
    font = subset(pdf, _KEY)
    pdf.page(b"BT /F 10 Tf 72 700 Td %b Tj ET" % font.string(_KEY), fonts=font.dictionary)
    pdf.page(b"BT /F 10 Tf (an ordinary text) Tj ET")
    pdf.add(flate(b"attached", b"/Type /EmbeddedFile"))
    return pdf.packed() if packed else pdf.written()


def _found_or_told(opened: Opened) -> bool:
    return any(_KEY.encode() in content for content in opened.contents) or bool(opened.skips)


@pytest.mark.slow
@pytest.mark.parametrize("packed", [False, True])
def test_what_is_cut_off_is_found_or_told(packed: bool) -> None:
    data = _sound(packed=packed)
    assert open_(data).skips == []
    for size in range(64, len(data) - 8, 64):
        opened = open_(data[:size])
        assert opened.skips, size
        assert _REASONS.match(opened.reasons)


def _mutated(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 3, 10, 40))):
        place = rng.randrange(16, len(changed))
        kind = rng.randrange(4)
        if kind == 0:
            changed[place] = rng.randrange(256)
        elif kind == 1:
            del changed[place : place + rng.randrange(1, 40)]
        elif kind == 2:
            changed[place:place] = changed[rng.randrange(len(changed)) :][: rng.randrange(1, 60)]
        else:
            number = rng.choice(list(re.finditer(rb"\d+", bytes(changed[16:]))))
            changed[16 + number.start() : 16 + number.end()] = rng.choice(
                (b"0", b"-1", b"3", b"99999999999", b"2147483648")
            )
    return bytes(changed)


@pytest.mark.slow
@pytest.mark.parametrize("packed", [False, True])
def test_what_is_mutated_ends_and_its_reasons_are_texts(packed: bool) -> None:
    for seed in range(100):
        opened = open_(_mutated(_sound(packed=packed), random.Random(seed)))
        assert all(_REASONS.match(skip.reason) and skip.reason.isprintable() for skip in opened.skips), seed


def _paged(content: bytes, *objects: bytes) -> bytes:
    pdf = Pdf()
    for each in objects:
        pdf.add(each)
    pdf.page(content, fonts=b"/F %d 0 R /XObject << /X 3 0 R >>" % 3 if objects else HELVETICA)
    return pdf.written()


def _doubling() -> bytes:
    """Forms that draw the next one ten times each."""
    forms = [
        stream(b"/Subtype /Form /Resources << /XObject << /X %d 0 R >> >>" % following, b"/X Do " * 10)
        for _, following in pairwise(range(3, 14))
    ]
    return _paged(b"/X Do", *forms, stream(b"/Subtype /Form", b"BT (x) Tj ET"))


def _circle() -> bytes:
    data = _paged(b"BT (x) Tj ET")
    return re.sub(rb"/Kids \[(.*?)\] /Count 1", rb"/Kids [2 0 R \1 2 0 R] /Count 999999999", data)


def _repeated_page() -> bytes:
    return re.sub(rb"/Kids \[(.*?)\]", rb"/Kids [" + b"4 0 R " * 50_000 + b"]", _paged(b"BT (x) Tj ET"))


# Made when asked for: each process that collects the tests would make them all.
_HOSTILE: dict[str, Callable[[], bytes]] = {
    "much text": lambda: _paged(b"BT /F 9 Tf " + b"(a) Tj " * (4 << 20)),
    "zeros": lambda: _paged(b"\0" * (200 << 20)),
    "long string": lambda: _paged(b"BT /F 9 Tf (" + b"a" * (40 << 20) + b") Tj ET"),
    "parentheses": lambda: _paged(b"(" * (4 << 20)),
    "arrays": lambda: _paged(b"[" * (2 << 20)),
    "operands": lambda: _paged(b"[" + b"(a)" * 300_000 + b"] TJ"),
    "saved states": lambda: _paged(b"q " * (1 << 20)),
    "ends of pictures": lambda: _paged(b"ID " + b" EI\0" * (1 << 20)),
    "forms": _doubling,
    "a circle of pages": _circle,
    "one page many times": _repeated_page,
    "object stream": lambda: _paged(b"", flate(b"1 0 " * (4 << 20), b"/Type /ObjStm /N 9999999 /First 16777216")),
    "map": lambda: _paged(
        b"BT /F 9 Tf (a) Tj ET",
        b"<< /Type /Font /Subtype /Type1 /ToUnicode 4 0 R >>",
        flate(b"1 beginbfrange " + b"<0000> <ffff> <0000> " * 200_000 + b"endbfrange"),
    ),
    "rows": lambda: _paged(b"BT /F 9 Tf 4 0 0 4 0 0 Tm " + b"(a) Tj 3000 0 Td " * 250_000),
    "columns": lambda: _paged(
        b"", stream(b"/Filter /FlateDecode /DecodeParms << /Predictor 12 /Columns 999999999 >>", b"x")
    ),
    "missing objects": lambda: _paged(b"").replace(
        b"/Kids [", b"/Kids [" + b"".join(b"%d 0 R " % n for n in range(99, 9999))
    ),
    "deep object": lambda: b"%PDF-1.4\n1 0 obj\n" + b"[" * 100_000 + b"\nendobj\n",
    "base 85": lambda: _paged(b"", stream(b"/Filter /ASCII85Decode", b"z" * (4 << 20))),
}


# There is no more in them than what is read.
_HARMLESS = {"parentheses", "arrays", "saved states", "ends of pictures", "map", "base 85", "object stream"} | {
    "a circle of pages",
    "one page many times",
}


@pytest.mark.slow
@pytest.mark.parametrize("case", _HOSTILE)
def test_hostile_ones_end_in_bounded_memory(case: str) -> None:
    data = _HOSTILE[case]()
    opened = through(as_content(data), Budget(Limits(), len(data)))
    if sys.platform == "linux":
        assert all(_most_memory(each.pid) < 200 << 20 for each in worker_process._idle.values())
    if case not in _HARMLESS:
        assert opened.skips
    assert all(skip.reason.startswith("PDF: ") for skip in opened.skips)


@pytest.mark.slow
def test_many_objects_are_read_in_bounded_memory() -> None:
    objects = (b"<< /Title (note %d) /Next << /A [1 2 3] /B << /C (more) >> >> >>" % number for number in range(50_000))
    opened = open_(_paged(b"BT (x) Tj ET", *objects))
    assert opened.skips == []
    assert b"note 49999" in b"".join(opened.contents)


def _most_memory(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"VmHWM:\s*(\d+)", status)[0]) << 10


@pytest.mark.slow
def test_a_process_that_something_else_ended_is_replaced() -> None:
    assert open_(_sound(packed=False)).skips == []
    for child in worker_process._idle.values():
        child.kill()
        child.wait()
    assert open_(_sound(packed=False)).skips == []


def test_a_process_that_dies_is_told_and_the_next_pdf_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    started = worker_process._started

    def dying(program: worker_process.Program) -> subprocess.Popen[bytes]:
        child = started(program)
        child.send_signal(signal.SIGSTOP)
        Timer(0.2, child.kill).start()
        return child

    worker_process.end_idle()
    with monkeypatch.context() as patched:
        patched.setattr(worker_process, "_started", dying)
        assert "takes too much time or memory" in open_(_sound(packed=False)).reasons
    assert open_(_sound(packed=False)).skips == []


def test_no_process_is_left_when_reading_ends_early(monkeypatch: pytest.MonkeyPatch) -> None:
    children = []
    started = worker_process._started

    def kept(program: worker_process.Program) -> subprocess.Popen[bytes]:
        children.append(started(program))
        return children[-1]

    worker_process.end_idle()
    monkeypatch.setattr(worker_process, "_started", kept)
    data = _sound(packed=True)
    for _ in range(3):
        gather(as_content(data), Budget(Limits(members=0), len(data)))
    assert [child.poll() is None for child in children] == [False] * 3


def test_a_pdf_in_a_pdf_in_a_pdf_is_read_while_the_others_wait() -> None:
    data = _sound(packed=False)
    for _ in range(3):
        pdf = Pdf()
        pdf.page(b"BT /F 10 Tf (outer) Tj ET")
        pdf.add(flate(data, b"/Type /EmbeddedFile"))
        data = pdf.written()
    opened = through(as_content(data), Budget(Limits(), len(data)))
    assert (opened.deepest, opened.skips) == (4, [])


def test_limits_are_for_each_pdf() -> None:
    assert Limits().seconds > worker.BOUNDS.seconds
    for _ in range(20):
        assert open_(_sound(packed=False)).skips == []
