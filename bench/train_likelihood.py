"""Make the bigram table of ``akpatrol.detect.likelihood`` from source code.

    python -m bench.train_likelihood [ROOT]...

Identifiers are read from every source file under the roots (default: the standard library and site-packages).
The names of a file and of its directory decide its half, whatever the roots are, so that copies of a file and
later runs agree: identifiers of one half train, those of the other are for ``bench.judge`` to test. Set aside are
strings, lines of base64, and hash-like words: those with 16 hex digits of both sorts in a row, and those with a
segment of 20 or more letters and digits in which at least three of ten neighbours change from lower to upper case
or between letter and digit (random base62: 45 of 100, CamelCase: 10 to 20).
"""

from __future__ import annotations

import argparse
import os
import re
import sysconfig
from collections import Counter
from itertools import pairwise
from math import log
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

from akpatrol.detect import likelihood

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

TABLE = Path(likelihood.__file__).with_name("_bigrams.py")
SUFFIXES = (".py", ".js", ".ts", ".h", ".c", ".pm", ".pl", ".css", ".md", ".rs", ".go", ".java")
LARGEST = 400_000  # bytes; larger sources are generated data
SHORTEST, LONGEST = 4, 100  # characters of a word
_TASK = 500  # files that a process reads at a time

_BASE64_LINE = re.compile(rb"""(?m)^[\s"'#*]*[A-Za-z0-9+/=]{40,}["'\\n,;]*$""")
_STRING = re.compile(rb""""(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""")
_WORD = re.compile(rb"(?<![A-Za-z0-9+/=_.%\\-])[A-Za-z_][A-Za-z0-9_]*(?:-[A-Za-z0-9_]+)*(?![A-Za-z0-9+/=-])")
_HEX_RUN = re.compile(rb"(?=[0-9]*[a-fA-F])(?=[a-fA-F]*[0-9])[0-9a-fA-F]{16}")
_SHORT_HEX_RUN = re.compile(rb"(?=[0-9]*[a-fA-F])(?=[a-fA-F]*[0-9])[0-9a-fA-F]{8}")
_SEGMENT = re.compile(rb"[A-Za-z0-9]{20,}")
_CHANGE = re.compile(rb"[a-z](?=[A-Z])|[A-Za-z](?=[0-9])|[0-9](?=[A-Za-z])")
_CHANGES = 0.3  # of the neighbours

Words = dict[bytes, None]


def main() -> None:
    """Replace the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("roots", nargs="*", type=Path)
    roots = parser.parse_args().roots or default_roots()
    training, testing = read(roots)
    print(f"{len(training):,} words train, {len(testing):,} are left to test")
    TABLE.write_text(render(train(training)))


def default_roots() -> list[Path]:
    """Return the standard library and site-packages."""
    return [Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib")]


def read(roots: Iterable[Path], run: Callable[..., Iterable[tuple[Words, Words]]] = map) -> tuple[Words, Words]:
    """Return the distinct words of the training and of the testing half; ``run`` is ``map`` or an executor's."""
    paths = [path for root in roots for path in sources(root)]
    halves: tuple[Words, Words] = ({}, {})
    for found in run(_words, [paths[start : start + _TASK] for start in range(0, len(paths), _TASK)]):
        for half, words in zip(halves, found, strict=True):
            half.update(words)
    return halves


def _words(paths: Iterable[Path]) -> tuple[Words, Words]:
    halves: tuple[Words, Words] = ({}, {})
    for path in paths:
        content = path.read_bytes()
        words = dict.fromkeys(_WORD.findall(_STRING.sub(b'""', _BASE64_LINE.sub(b"", content))))
        kept = (word for word in words if SHORTEST <= len(word) <= LONGEST and not hash_like(word))
        halves[crc32(os.fsencode(Path(path.parent.name, path.name))) & 1].update(dict.fromkeys(kept))
    return halves


def sources(root: Path) -> Iterator[Path]:
    """Yield the source files under ``root``, links and large ones left out."""
    for directory, _, names in os.walk(root):
        for name in sorted(names):
            path = Path(directory, name)
            if name.endswith(SUFFIXES) and not path.is_symlink() and path.stat().st_size <= LARGEST:
                yield path


def hash_like(word: bytes) -> bool:
    """Return whether a word is set aside; the rule is above and shares nothing with the judge."""
    if _HEX_RUN.search(word):
        return True
    segments = _SEGMENT.findall(word)
    return any(len(_CHANGE.findall(segment)) >= _CHANGES * (len(segment) - 1) for segment in segments)


def train(words: Words) -> list[list[int]]:
    """Return the cost in quarter nats of each symbol after each other one, and last after nothing."""
    symbols = likelihood.SYMBOLS
    single: Counter[int] = Counter()
    pairs: Counter[tuple[int, int]] = Counter()
    for word in words:
        if not _SHORT_HEX_RUN.search(word):
            single.update(word)
            pairs.update(pairwise(word))
            pairs[-1, word[0]] += 1
    total = single.total()
    table = []
    for before in (*symbols, -1):
        row = [pairs[before, after] for after in symbols]
        prior = [30 * (single[after] + 1) / (total + len(symbols)) for after in symbols]
        chances = [(count + pseudo) / (sum(row) + 30) for count, pseudo in zip(row, prior, strict=True)]
        table.append([min(51, round(-4 * log(chance))) for chance in chances])
    return table


def render(table: list[list[int]]) -> str:
    """Return the module that holds the table."""
    rows = "\n".join(f'    rb"{bytes(40 + cost for cost in row).decode()}",' for row in table)
    return (
        '"""Character bigrams of program identifiers, made by bench/train_likelihood.py.\n\n'
        "A row a preceding symbol, the last for a word's beginning, and a column a symbol, both in\n"
        "the order of ``likelihood.SYMBOLS``; chr(40 + cost), cost being -ln(probability) in quarter nats.\n"
        f'"""\n\nROWS = (\n{rows}\n)\n'
    )


if __name__ == "__main__":
    main()
