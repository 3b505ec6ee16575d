"""Times the worst text for each stage, on one core, and says which is slower than asked or grows beyond its size.

    python -m bench.worst [--size MB] [--only NAME]... [--other SRC] [--save DIR]

Each input is made twice, the second time four times as large, and scanned in a process of its own, which counts its
own processor time. ``repeated`` ones are a short text over and over: these pack to nothing in git and in gzip. The
others differ from place to place, as only what an attacker stores in full does. Of these a content has a bound on the
work (``akpatrol.scan.work``), five seconds' worth and 20 MB/s, beyond which the rest is a skip. So they are asked for
a number of seconds beside that speed, which says nothing at less than 16 MB: ``--size 16``. What is found has a price
of its own, so those are counted in findings a second. ``--other`` is the source directory of another version to
compare with, which takes turns. Exits 1 when a repeated text is slower than 20 MB/s, or any input takes more than its
share when it is larger.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import os
import random
import string
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import record

if TYPE_CHECKING:
    from collections.abc import Callable

_ASKED, _LARGER, _MOST_GROWTH = 20.0, 4, 2.0  # MB/s; times; of the time a byte
_MORE_SECONDS = 12.0  # a step of the bound takes longer in some stages
_LETTERS = string.ascii_letters + string.digits
_WORDS = [
    *("get", "set", "value", "config", "default", "account", "name", "order", "item", "list", "window", "document"),
    *("request", "handler", "error", "state"),
]
# A process of its own: what was compiled or remembered for one input is not there for the next.
_LOOK = """
import resource, sys, time
from akpatrol.rules import rule_file as rules
from akpatrol.model.chunks import content_of
from akpatrol.scan.examine import Examiner
from akpatrol.model.credential import RawFinding as Hit
from akpatrol.model.scan import Origin, Skipped
examiner = Examiner(rules.load())
examiner.engine.prefilter.prepare(), examiner.engine.prefilter.compiled()
with open(sys.argv[1], "rb") as file:
    begun, hits, skips = time.process_time(), 0, 0
    for item in examiner.examine_item(content_of(file.read, Origin("0"))):
        hits += isinstance(item, Hit)
        skips += isinstance(item, Skipped)
    took = time.process_time() - begun
print(took, hits, skips, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000)
"""

_REPEATED: dict[str, bytes] = {
    "pat_": b"pat_",
    "ak_": b"ak_",
    "pat_-": b"pat_-",
    "lines of pat_-": b"pat_-" * 16 + b"\n",
    "valid shapes": b"ak_" + b"a" * 12 + b"." + b"b" * 30 + b" ",
    "near misses in one word": b"ak_" + b"a" * 60 + b".pat_",
    "names of secrets": b"token",
    "lines of base64": b"YWtf" * 16 + b"\n",
    "base64 in words": b"YWtf ",
    "hex": b"616b5f",
    "percent": b"%25",
    "percent, all": b"%70%61%74%5f",
    "backslash": rb"\u005c",
    "octal": rb"\141\153\137",
    "entities": b"&#97;&#107;&#95;",
    "quoted-printable": b"=61=6B=5F" * 8 + b"=\n",
    "UTF-16": "pat_".encode("utf-16-le"),
    "UTF-32": "ak_ ".encode("utf-32-be"),
    "every alarm": b"ak_%61&#97;\\u0061=61YWtf616b5fa\0k\0_\0 ",
}


def _text(rng: random.Random, number: int) -> str:
    return "".join(rng.choices(_LETTERS, k=number))


def _words(rng: random.Random, number: int) -> str:
    return "_".join(rng.choices(_WORDS, k=number // 3))[:number]


def _counted(text: str) -> str:
    return chr(len(text)) + text


def _controls(rng: random.Random, number: int) -> str:
    return "".join(map(chr, rng.choices(range(2, 32), k=number)))


def _rare(rng: random.Random) -> str:
    return "\1" * (rng.random() < 1 / 100)


_VARIED: dict[str, Callable[[random.Random], str]] = {
    "near misses in lines": lambda rng: f"ak_{_words(rng, 12)}.{_words(rng, 30)}\n",
    "near misses in one line": lambda rng: f"ak_{_words(rng, 12)}.{_words(rng, 30)} ",
    "near misses in one word, varied": lambda rng: f"ak_{_words(rng, 60)}.pat_",
    "places in words": lambda rng: "ak_" * rng.randrange(1, 20) + "." + _words(rng, 20),
    "long words amid controls": lambda rng: "pat_" + _text(rng, 3) + "\1" * (rng.random() < 1 / (1 << 13)),
    "places in words amid controls": lambda rng: "ak_" * rng.randrange(1, 20) + "." + _words(rng, 20) + "\1",
    "near misses amid controls": lambda rng: f"ak_{_words(rng, 12)}.{_words(rng, 30)}\1",
    "near misses behind lengths": lambda rng: _counted(f"pat_{_words(rng, 60)}"),
    "near misses behind records": lambda rng: _controls(rng, 40) + f"pat_{_words(rng, 22)}",
    "tokens of others amid controls": lambda rng: f"github_pat_{_text(rng, 22)}\1",
    "placeholders amid controls": lambda rng: f"pat_{_text(rng, 20)}example{_text(rng, 4)}\1",
    "keys, masked, amid controls": lambda rng: f"ak_{_text(rng, 8)}.{_text(rng, 16)}****\1",
    "high bytes": lambda rng: f"\xffpat_{_words(rng, 24)}",
    "placeholders": lambda rng: f"pat_{_text(rng, 20)}example{_text(rng, 4)} ",
    "lines of base64, varied": lambda rng: "YWtf" * 12 + base64.b64encode(_words(rng, 12).encode()).decode() + "\n",
    "text in base64": lambda rng: base64.b64encode(_words(rng, 40).encode()).decode() + " , ",
    "text in hex": lambda rng: f" ak_{_words(rng, 12)}.{_words(rng, 20)} ".encode().hex() + "\n",
    "percent, varied": lambda rng: "".join(f"%{ord(one):02x}" for one in _words(rng, 30)) + " ",
    "addresses": lambda rng: f"GET /r?u=https%3A%2F%2Fexample.com%2F{_words(rng, 20)}%2F{_text(rng, 10)} 200\n",
    "backslash, varied": lambda rng: "".join(f"\\u{ord(one):04x}" for one in _words(rng, 20)) + " ",
    "entities, varied": lambda rng: "".join(f"&#{ord(one)};" for one in _words(rng, 20)) + " ",
    "prefixes in base64": lambda rng: (
        base64.b64encode(f"ak_{_words(rng, 9)}.{_words(rng, 30)}".encode()).decode() + " ; "
    ),
    "tokens in JSON": lambda rng: f'{{"t":"{base64.b64encode(_words(rng, 150).encode()).decode()}"}}\n',
    "numbers for tokens": lambda rng: f"pat_{rng.randrange(10**19, 10**20)},\n",
    "quoted-printable, varied": lambda rng: "".join(f"={ord(one):02X}" for one in _words(rng, 24)) + "=\n",
    "wide, varied": lambda rng: f"ak_{_words(rng, 12)}.{_words(rng, 30)}\n".encode("utf-16-le").decode("latin-1"),
}
_FOUND: dict[str, Callable[[random.Random], str]] = {
    "credentials in one line": lambda rng: f'"ak_{_text(rng, 12)}.{_text(rng, 40)}", ',
    "credentials in lines": lambda rng: f"k = ak_{_text(rng, 12)}.{_text(rng, 40)}\n",
    "credentials amid controls": lambda rng: f"ak_{_text(rng, 12)}.{_text(rng, 40)}\1",
    "credentials behind lengths": lambda rng: "\x8c" + _counted(f"pat_{_text(rng, 40)}") + "\x94",
    "credentials behind wide lengths": lambda rng: f"8\0\0\0ak_{_text(rng, 12)}.{_text(rng, 40)}",
    "credentials behind records": lambda rng: _controls(rng, 40) + f"ak_{_text(rng, 12)}.{_text(rng, 40)}",
    "credentials glued": lambda rng: f"ak_{_text(rng, 12)}.{_text(rng, 40)}{_words(rng, 12)}" + _rare(rng),
    "tokens glued": lambda rng: f"{_words(rng, 12)}xpat_{_text(rng, 40)}" + _rare(rng),
    "credentials beside names": lambda rng: "token" * 20 + f" pat_{_text(rng, 40)} ",
}


def _made(name: str, size: int) -> bytes:
    if name in _REPEATED:
        unit = _REPEATED[name]
        return unit * (size // len(unit))
    rng, make = random.Random(name), (_VARIED | _FOUND)[name]
    parts, length = [], 0
    while length < size:
        parts.append(make(rng))
        length += len(parts[-1])
    return "".join(parts).encode("latin-1")


def main() -> int:
    """Measure what the command line asks for; return the exit code."""
    options = _options()
    names = [*_REPEATED, "gzip of pat_", *_VARIED, *_FOUND]
    print(f"{'input':34}{'MB/s':>8}{'larger':>8}{'found/s':>9}{'MB':>6}{'skips':>6}{'before':>9}")
    rows = [_row(name, options) for name in names if not options.only or name in options.only]
    failures = [failure for row in rows for failure in _failures(row)]
    if options.save:
        record.save(options.save, "worst", rows)
    print(*failures, sep="\n")
    return int(bool(failures))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=float, default=1.0, help="MB of the smaller one")
    parser.add_argument("--only", action="append", metavar="NAME")
    parser.add_argument("--other", type=Path, metavar="SRC", help="another version's source directory")
    parser.add_argument("--save", type=Path, metavar="DIR", help="keep the numbers there")
    return parser.parse_args()


def _row(name: str, options: argparse.Namespace) -> dict[str, Any]:
    kind = "found" if name in _FOUND else "varied" if name in _VARIED else "repeated"
    row: dict[str, Any] = {"target": name, "kind": kind}
    with tempfile.TemporaryDirectory() as directory:
        for size, what in ((options.size, "small"), (options.size * _LARGER, "large")):
            data = _made(name.removeprefix("gzip of "), int(size * 1e6))
            path = Path(directory, what)
            path.write_bytes(gzip.compress(data, 1) if name.startswith("gzip of ") else data)
            row[what] = {"bytes": len(data)} | _looked(path, None)
            if options.other and what == "small":
                row["before"] = {"bytes": len(data)} | _looked(path, options.other)
    before = f"{_speed(row['before']):.2f}" if "before" in row else "-"
    found = row["large"]["hits"] / row["large"]["seconds"]
    print(
        f"{name:34}{_speed(row['small']):>8.2f}{_speed(row['large']):>8.2f}{found:>9.0f}"
        f"{row['large']['megabytes']:>6}{row['large']['skips']:>6}{before:>9}",
        flush=True,
    )
    return row


def _looked(path: Path, source: Path | None) -> dict[str, Any]:
    environment = dict(os.environ) | ({"PYTHONPATH": str(source)} if source else {})
    done = subprocess.run(
        [sys.executable, "-c", _LOOK, path], env=environment, capture_output=True, text=True, check=True
    )
    seconds, hits, skips, megabytes = done.stdout.split()
    return {"seconds": float(seconds), "hits": int(hits), "skips": int(skips), "megabytes": int(megabytes)}


def _speed(run: dict[str, Any]) -> float:
    return float(run["bytes"] / 1e6 / max(run["seconds"], 1e-6))


def _failures(row: dict[str, Any]) -> list[str]:
    """Name what is out of bounds."""
    failed = []
    if row["kind"] == "repeated" and _speed(row["large"]) < _ASKED:
        failed.append(f"{row['target']}: slower than {_ASKED:g} MB/s")
    large = row["large"]
    if row["kind"] == "varied" and large["seconds"] > large["bytes"] / 1e6 / _ASKED + _MORE_SECONDS:
        failed.append(f"{row['target']}: takes over {_MORE_SECONDS:g} s more than at {_ASKED:g} MB/s")
    if _speed(row["small"]) > _MOST_GROWTH * _speed(row["large"]):
        failed.append(f"{row['target']}: takes more time a byte when it is larger")
    return failed


if __name__ == "__main__":
    sys.exit(main())
