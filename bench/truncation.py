"""Truncates a file of every form at every 64 bytes: the credential is found, or a skip tells that something is missing.

    python -m bench.truncation [--only TEXT] [--step BYTES] [--save DIR]

Forms without an end of their own, as text and serialised values, are left out: nothing tells that they were longer.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from tests.credentials import personal_access_token

from akpatrol.model.credential import RawFinding
from akpatrol.model.scan import Content, Excluded, Origin, Skipped
from akpatrol.rules import rule_file
from akpatrol.scan.examine import Examiner
from akpatrol.unwrap.containers.recognise import has_zip_tail, kind_of, tail_kind
from bench import record
from bench.forms import archives, data, documents, texts, within  # noqa: F401 - they enter their writers in the table
from bench.forms.writers import WRITERS, MissingError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.forms.writers import Writer

_STEP = 64
_LARGEST = 1 << 20
_SEED = 1
# What is lost with these bytes was not said to be there: text, a line or a stream ends where it ends.
_ENDLESS = frozenset(("warc", "compress", "document", "sqlite-wal"))


def main() -> int:
    """Run what the command line asks for; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.truncation")
    parser.add_argument("--only", default="", help="only forms whose name has this text")
    parser.add_argument("--step", type=int, default=_STEP, help="bytes from one truncation to the next")
    parser.add_argument("--save", type=Path, help="keep the table in this directory")
    options = parser.parse_args()
    rows = []
    for writer in WRITERS:
        if options.only in writer.name:
            for name, file, secret in files(writer):
                sizes = range(options.step, len(file), options.step)
                silent = [size for size in sizes if not is_told(file[:size], secret)]
                rows.append({"target": f"{writer.name}: {name}", "truncations": len(sizes), "silent": silent})
                print(
                    f"{rows[-1]['target']:60} {len(sizes):6} truncations, {len(silent)} silent {silent[:6]}", flush=True
                )
    if options.save:
        record.save(options.save, "truncation", rows)
    return 1 if any(row["silent"] for row in rows) else 0


def files(writer: Writer) -> Iterator[tuple[str, bytes, str]]:
    """Yield the containers that a writer makes, each with its name and the secret; none where it is not installed."""
    secret = personal_access_token(Random(_SEED))
    with tempfile.TemporaryDirectory() as directory:
        try:
            writer.write(Path(directory), secret)
        except (MissingError, ImportError):
            return
        for path in sorted(Path(directory).rglob("*")):
            if path.is_file() and 0 < path.stat().st_size <= _LARGEST:
                content = path.read_bytes()
                if (kind := _kind(content)) and kind not in _ENDLESS and _scanned(content, secret)[0]:
                    yield path.name, content, secret


def is_told(file: bytes, secret: str) -> bool:
    """Return whether the secret is found, or a skip tells that it may be missing, or the form is not recognisable."""
    found, skipped = _scanned(file, secret)
    return found or skipped or _kind(file) is None


def _kind(file: bytes) -> str | None:
    content = Content(Origin("truncation", path=b"file"), file, size=len(file))
    return kind_of(file) or tail_kind(content) or ("zip" if has_zip_tail(content) else None)


_EXAMINER = Examiner(rule_file.load())


def _scanned(file: bytes, secret: str) -> tuple[bool, bool]:
    """Return whether the secret is found, and whether anything is skipped."""
    items = list(_EXAMINER.examine_item(Content(Origin("truncation", path=b"file"), file, size=len(file))))
    found = any(isinstance(item, RawFinding) and item.match.secret.reveal() == secret.encode() for item in items)
    return found, any(isinstance(item, Skipped | Excluded) for item in items)


if __name__ == "__main__":
    sys.exit(main())
