"""Writes a credential in every form, scans each with akpatrol and its peers, and prints one table.

    python -m bench.forms [--only TEXT] [--save DIR]

The writers' libraries have to be installed beside this Python, and akpatrol is the one on PATH. A form is found where a
report names the whole credential, and found well where its place has the part that a person looks for: "found, but" is
the rest. Exits 1 when akpatrol misses one in silence.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

from tests.credentials import personal_access_token

from bench import record
from bench.forms import archives, data, documents, texts, within  # noqa: F401 - they enter their writers in the table
from bench.forms.writers import WRITERS, MissingError, Writer
from bench.plants import digests

_SEED = 1
_FORM = "{:<42} {:<9} {}"
_FOUND, _SKIPPED, _MISSED, _UNWRITTEN = "found", "a skip", "MISSED", "not made"


def main() -> int:
    """Run what the command line asks for; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.forms")
    parser.add_argument("--only", default="", help="only forms whose name has this text")
    parser.add_argument("--save", type=Path, help="keep the table in this directory")
    options = parser.parse_args()
    rows = [_row(writer, Random(_SEED)) for writer in WRITERS if options.only in writer.name]
    for row in rows:
        print(_FORM.format(row["form"], row["outcome"], row["place"]))
    print(", ".join(f"{number} {outcome}" for outcome, number in Counter(row["outcome"] for row in rows).most_common()))
    if options.save:
        record.save(options.save, "forms", [{"target": row["form"], **row} for row in rows])
    return 1 if any(row["outcome"] == _MISSED for row in rows) else 0


def _row(writer: Writer, rng: Random) -> dict[str, str]:
    secret = personal_access_token(rng)
    with tempfile.TemporaryDirectory(prefix="forms-") as directory:
        top = Path(directory)
        try:
            writer.write(top, secret)
        except (MissingError, ImportError) as error:
            return {"form": writer.name, "outcome": _UNWRITTEN, "place": str(error)}
        return {"form": writer.name, **_outcome(top, secret, writer.place)}


def _outcome(directory: Path, secret: str, place: str) -> dict[str, str]:
    words = ["akpatrol", "scan", str(directory), "--no-cache", "--min-confidence", "low", "--format", "json"]
    scan = subprocess.run(words, capture_output=True, check=False)
    report = json.loads(scan.stdout)
    found: list[str] = []
    for credential in report["credentials"]:
        if credential["secret_sha256"] in digests(secret):
            found += (_shown(occurrence, credential) for occurrence in credential["occurrences"])
    if found:
        shown = min(found, key=lambda each: (place not in each, len(each)))
        return {"outcome": _FOUND if place in shown else "found, but", "place": shown}
    skipped = [f"{skip['item']}: {skip['reason']}" for skip in report["coverage"]["skipped"]]
    return {"outcome": _SKIPPED if skipped else _MISSED, "place": "; ".join(skipped)[:150]}


def _shown(occurrence: dict[str, Any], credential: dict[str, Any]) -> str:
    where = " > ".join((occurrence["path"], *(occurrence.get("containers") or ())))
    encodings = "".join(f" in {encoding}" for encoding in occurrence.get("encodings") or ())
    return f"{where}:{occurrence['line']}{encodings} ({credential['confidence']})"


if __name__ == "__main__":
    sys.exit(main())
