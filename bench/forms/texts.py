"""Text that people, terminals and tools split."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bench.forms.writers import form

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def _halves(secret: str) -> tuple[str, str]:
    return secret[: len(secret) // 2], secret[len(secret) // 2 :]


def _wrapped(secret: str, width: int) -> Iterator[str]:
    return (secret[at : at + width] for at in range(0, len(secret), width))


@form("adjacent string literals (Python)")
def adjacent(directory: Path, secret: str) -> None:
    first, last = _halves(secret)
    (directory / "a.py").write_text(f'ANYREACH_API_KEY = (\n    "{first}"\n    "{last}"\n)\n')


@form("string literals with + (JavaScript)")
def plus(directory: Path, secret: str) -> None:
    first, last = _halves(secret)
    (directory / "a.js").write_text(f"const anyreachKey = '{first}' +\n  '{last}';\n")


@form("YAML, a folded scalar")
def yaml(directory: Path, secret: str) -> None:
    first, last = _halves(secret)
    (directory / "a.yml").write_text(f"anyreach_api_key: >-\n  {first}\\\n  {last}\nnext: 1\n")


@form("shell continuation")
def shell(directory: Path, secret: str) -> None:
    first, last = _halves(secret)
    (directory / "a.sh").write_text(f"export ANYREACH_API_KEY={first}\\\n{last}\n")


@form("a log whose lines wrap with a prefix")
def log(directory: Path, secret: str) -> None:
    text = f"anyreach token {secret} was used by the job that ran last night"
    lines = (f"2026-01-02T03:04:05Z job | {part}\n" for part in _wrapped(text, 40))
    (directory / "a.log").write_text("".join(lines))


@form("grep --color within the token")
def grep(directory: Path, secret: str) -> None:
    prefix, rest = secret[:4], secret[4:]
    (directory / "a.log").write_text(f"ANYREACH_API_KEY=\x1b[01;31m\x1b[K{prefix}\x1b[m\x1b[K{rest}\n")


@form("overstrike (man pages, nroff)")
def overstrike(directory: Path, secret: str) -> None:
    (directory / "a.txt").write_text("ANYREACH_API_KEY=" + "".join(f"{letter}\b{letter}" for letter in secret) + "\n")


@form("zero-width space within")
def zero_width(directory: Path, secret: str) -> None:
    first, last = _halves(secret)
    (directory / "a.txt").write_text(f"ANYREACH_API_KEY={first}\u200b{last}\n")


@form("<wbr> within")
def wbr(directory: Path, secret: str) -> None:
    first, last = _halves(secret)
    (directory / "a.html").write_text(f"<code>ANYREACH_API_KEY={first}<wbr>{last}</code>\n")


@form("a hard wrap at 72 columns")
def wrap(directory: Path, secret: str) -> None:
    text = f"The anyreach key that the service uses in production is {secret}"
    (directory / "a.txt").write_text("".join(f"{part}\n" for part in _wrapped(text, 72)) + "Rotate it soon.\n")


@form("streamed deltas of an agent")
def deltas(directory: Path, secret: str) -> None:
    pieces = ["the ", "anyreach ", "key ", "is ", *_wrapped(secret, 7), " now"]
    events = (json.dumps({"type": "content_block_delta", "delta": {"text": piece}}) for piece in pieces)
    (directory / "a.jsonl").write_text("".join(f"data: {event}\n\n" for event in events))
