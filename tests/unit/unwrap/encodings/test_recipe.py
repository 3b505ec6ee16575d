"""A further encoding takes a file and a line: its triggers come from the rules, and it is decoded within others."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from tests.trial import Trial

if TYPE_CHECKING:
    from pathlib import Path

_MODULE = '''"""Text from right to left."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from akpatrol.model.fired_triggers import FiredTriggers
from akpatrol.unwrap.encodings import spelling
from akpatrol.unwrap.encodings.encoding import Decoded

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from akpatrol.model.fired_triggers import TriggerEnds
    from akpatrol.rules.literals import Literal
    from akpatrol.scan.work import Work


class Reversed:
    """The encoding ``reversed``, a line at a time."""

    def __init__(self, literals: Sequence[Literal]) -> None:
        self.triggers = (spelling.trigger(part for one in literals for part in spelling.parts(one.places[::-1])),)

    def find(
        self,
        data: bytes,
        ends: Sequence[TriggerEnds | Sequence[int]],
        known: Container[int] = (),
        work: Work | None = None,
    ) -> Iterator[Decoded]:
        """Yield each line in which a literal is reversed."""
        fired = FiredTriggers(ends, work)
        while fired:
            place = fired.first[0]
            start = data.rfind(b"\\n", 0, place) + 1
            stop = data.find(b"\\n", place)
            end = stop if stop >= 0 else len(data)
            fired.advance(end)
            yield Decoded("reversed", data[start:end][::-1], start, end, partial(_span, end))


def _span(end: int, first: int, last: int) -> tuple[int, int]:
    return end - last, end - first


def encodings(literals: Sequence[Literal]) -> tuple[Reversed, ...]:
    """Return the encoding."""
    return (Reversed(literals),)
'''


def test_a_further_encoding_is_a_file_and_a_line(tmp_path: Path, key: str, token: str) -> None:
    trial = Trial(tmp_path)
    trial.add_file("unwrap/encodings/reversed.py", _MODULE)
    trial.add_line("unwrap/encodings/registry.py", "MODULES = (", '    "reversed",')
    assert trial.follows("Encoding", "reversed")
    (trial.tree / "plain.txt").write_text(f"first\nx {key[::-1]} = yek\nlast\n")
    (trial.tree / "encoded.txt").write_text(f"{base64.b64encode(f'x {token[::-1]} y'.encode()).decode()}\n")
    report = trial.json("scan", ".")
    found = sorted(
        (one["path"], one["line"], one["column"], one["end_column"], one["encodings"])
        for credential in report["credentials"]
        for one in credential["occurrences"]
    )
    assert [one[0] for one in found] == ["encoded.txt", "plain.txt"]
    assert found[0][-1] == ["base64", "reversed"]
    assert found[1] == ("plain.txt", 2, 3, 3 + len(key), ["reversed"])
