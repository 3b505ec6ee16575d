"""Make the bigram table of ``akpatrol.detect.likelihood`` from source code, and measure the judge.

    python -m bench.train_likelihood [--write] [ROOT]...

Identifiers are read from every source file under the roots (default: the standard library and site-packages).
The names of a file and of its directory decide its half, whatever the roots are, so that copies of a file and
later runs agree: identifiers of one half train, those of the other test. ``--write`` replaces the table; without
it the table in use is measured, which is fair as long as it was trained on this module's training half. Set
aside are strings, lines of base64, and hash-like words: those with 16 hex digits of both sorts in a row, and
those with a segment of 20 or more letters and digits in which at least three of ten neighbours change from
lower to upper case or between letter and digit (random base62: 45 of 100, CamelCase: 10 to 20).
"""

from __future__ import annotations

import argparse
import os
import random
import re
import sysconfig
import time
from collections import Counter
from functools import partial
from itertools import pairwise
from math import log
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

from tests import credentials

from akpatrol.detect import likelihood
from akpatrol.detect.judge import judge
from akpatrol.detect.keywords import Clue
from akpatrol.model import Confidence, Kind
from akpatrol.rules import Rule, load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TABLE = Path(likelihood.__file__).with_name("_bigrams.py")
SUFFIXES = (".py", ".js", ".ts", ".h", ".c", ".pm", ".pl", ".css", ".md", ".rs")
LARGEST = 400_000  # bytes; larger sources are generated data
SHORTEST, LONGEST = 4, 100  # characters of a word
HARD = 20  # characters of the identifiers that test
SAMPLES = 100_000  # credentials a shape

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
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="train and replace the table, and measure nothing")
    parser.add_argument("--samples", type=int, default=SAMPLES, help="credentials a shape")
    parser.add_argument("roots", nargs="*", type=Path)
    arguments = parser.parse_args()
    roots = arguments.roots or [Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib")]
    training, testing = read(roots)
    print(f"{len(training):,} words train, {len(testing):,} test")
    if arguments.write:
        TABLE.write_text(render(train(training)))
        return
    measure(training, testing, arguments.samples)


def read(roots: list[Path]) -> tuple[Words, Words]:
    """Return the distinct words of the training and of the testing half."""
    halves: tuple[Words, Words] = ({}, {})
    for root in roots:
        for path in sources(root):
            content = path.read_bytes()
            words = _WORD.findall(_STRING.sub(b'""', _BASE64_LINE.sub(b"", content)))
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
    """Tell whether a word is set aside; the rule stands above and shares nothing with the judge."""
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


def measure(training: Words, testing: Words, samples: int) -> None:
    """Print recall by shape, false positives by kind, and the time of a call."""
    rules = {rule.kind: rule for rule in load().rules}
    print(f"\n{'recall, percent':38}{'low':>10}{'medium':>10}{'high':>10}")
    for name, make in shapes():
        rng = random.Random(name)
        line(name, (report(rules, f'key = "{make(rng)}"\n', whole=True) for _ in range(samples)))
    hard = sorted(word.decode() for word in testing if len(word) >= HARD)
    unseen = [word for word in hard if word.encode() not in training]
    medium = sorted(word.decode() for word in testing if len(word) >= 16)  # noqa: PLR2004 - a secret's least
    short = sorted(word.decode() for word in testing if len(word) <= 64)  # noqa: PLR2004 - an id's most
    print(f"\n{'false positives, percent':38}{'low':>10}{'medium':>10}{'high':>10}")
    for clues in (frozenset[Clue](), frozenset({Clue.SECRET_NAME})):
        near = ", near 'token'" if clues else ""
        rng = random.Random(0)
        pairs = [f"{rng.choice(short)}.{word}" for word in medium]
        long_pairs = [f"{rng.choice(hard)[:64]}.{word}" for word in hard]
        for name, texts in (
            (f"pat_<20+>{near}", [f"pat_{word}" for word in hard]),
            (f"pat_<20+> not in training{near}", [f"pat_{word}" for word in unseen]),
            (f"ak_<20+>.<20+>{near}", [f"ak_{pair}" for pair in long_pairs]),
            (f"ak_<4+>.<16+>{near}", [f"ak_{pair}" for pair in pairs]),
            (f"pat_<4+>.<16+>{near}", [f"pat_{pair}" for pair in pairs]),
        ):
            line(f"{name} ({len(texts):,})", (report(rules, f"key = {text}\n", clues) for text in texts))
    print("\nmicroseconds a call")
    rng = random.Random(0)
    for name, texts in (
        ("identifiers", [f"= pat_{word}\n" for word in rng.choices(hard, k=20_000)]),
        ("credentials", [f"= {credentials.personal_access_token(rng)}\n" for _ in range(20_000)]),
        ("inside words", [f"com{credentials.personal_access_token(rng)}\n" for _ in range(20_000)]),
        ("256 characters", [f"= pat_{'some_name_' * 25}\n"] * 20_000),
    ):
        print(f"{name:38}{timing(rules[Kind.PERSONAL_ACCESS_TOKEN], texts):10.2f}")


def shapes() -> Iterator[tuple[str, Callable[[random.Random], str]]]:
    """Yield a name and a generator for each shape of credential."""
    token, key = credentials.personal_access_token, credentials.organization_key
    for name in credentials.ALPHABETS:
        for length in (20, 32, 64):
            yield f"pat {name} {length}", partial(token, alphabet_name=name, length=length)
        for first, second in ((4, 16), (12, 32)):
            shape = f"{name} {first}.{second}"
            yield f"pat {shape}", partial(token, alphabet_name=name, length=second, id_length=first)
            yield f"ak {shape}", partial(key, id_alphabet=name, id_length=first, secret_length=second)
    yield (
        "ak hex 16.base64url 43",
        partial(key, id_alphabet="hex", id_length=16, secret_alphabet="base64url", secret_length=43),  # noqa: S106
    )
    yield "pat uuid", lambda rng: f"pat_{credentials.uuid4(rng)}"
    yield "pat uuid, no dashes", lambda rng: f"pat_{credentials.uuid4(rng, dashes=False)}"
    yield "pat ulid", lambda rng: f"pat_{credentials.ulid(rng)}"
    yield "ak uuid.ulid", lambda rng: f"ak_{credentials.uuid4(rng)}.{credentials.ulid(rng)}"


def report(
    rules: dict[Kind, Rule], text: str, clues: frozenset[Clue] = frozenset(), *, whole: bool = False
) -> Confidence | None:
    """Return the confidence of what is found; with ``whole`` only if it fills the quotes in ``text``."""
    data = text.encode()
    rule = rules[Kind.ORGANIZATION_KEY if "ak_" in text[:10] else Kind.PERSONAL_ACCESS_TOKEN]
    match = re.compile(rule.regex.encode()).search(data)
    verdict = judge(rule, data, match.start(), match.end(), clues) if match else None
    if verdict is None or (whole and data[verdict.start : verdict.end] != data.split(b'"')[1]):
        return None
    return verdict.confidence


def line(name: str, found: Iterator[Confidence | None]) -> None:
    """Print how many percent of ``found`` reach each confidence."""
    counts = Counter(found)
    shares = (
        100 * sum(number for level, number in counts.items() if level is not None and level >= least) / counts.total()
        for least in Confidence
    )
    print(f"{name:38}" + "".join(f"{share:10.3f}" for share in shares), flush=True)


def timing(rule: Rule, texts: list[str]) -> float:
    """Return the mean time of a call to ``judge``."""
    pattern = re.compile(rule.regex.encode())
    calls = [(data, match) for data in (text.encode() for text in texts) if (match := pattern.search(data))]
    begin = time.perf_counter()
    for data, match in calls:
        judge(rule, data, match.start(), match.end(), frozenset())
    return 1e6 * (time.perf_counter() - begin) / len(calls)


if __name__ == "__main__":
    main()
