"""The quick way through a history reports what the slow one does: git's own reader, and every object alone.

A credential lies across every seam of copied and inserted text in a pack's deltas, in several encodings, with words
that bear on it near and far; long base64 changes at either end.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.gitdata import rebuild
from akpatrol.scan import gather
from akpatrol.sources.git.packs import plan
from tests.corpus.text import prose
from tests.credentials import organization_key, personal_access_token

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from random import Random

    from tests.conftest import Run
    from tests.repositories import Repository

_DEPTHS = (1, 50, 4095)
_BLOCK = 900  # bytes around a seam: git copies no shorter text than 16
_FORMS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "base64": base64.b64encode,
    "hexadecimal": lambda text: text.hex().encode(),
    "percent": lambda text: b"".join(b"%%%02X" % byte for byte in text),
    "UTF-16": lambda text: text.decode().encode("utf-16-le"),
}


def _text(rng: Random, size: int) -> bytes:
    return prose(rng, size).encode()[:size]


def _seams(rng: Random) -> Iterator[bytes]:
    """Yield versions of files that hold a growing part of a credential between texts that stay."""
    for form in _FORMS.values():
        secret = organization_key(rng) if rng.random() < 0.5 else personal_access_token(rng)
        line = form(f"key = '{secret}'\n".encode())
        before, after = _text(rng, _BLOCK), _text(rng, _BLOCK)
        for cut in range(0, len(line) + 1, max(1, len(line) // 12)):
            yield before + line[:cut] + after  # copy, insert, copy
            yield before + line[cut:] + after  # the rest
        yield before + line + after
        yield after + line + before  # both sides are copied from elsewhere


def _clues(rng: Random) -> Iterator[bytes]:
    """Yield a credential with a word that bears on it, at some distance, each on its own side of a seam."""
    for distance in (1, 7, 63, 511, 1024, 2048):
        secret = organization_key(rng)
        gap = _text(rng, distance)
        yield b"anyreach " + gap
        yield b"anyreach " + gap + secret.encode() + b"\n"
        yield secret.encode() + b" " + gap + b"anyreach\n"


def _long_runs(rng: Random) -> Iterator[bytes]:
    """Yield versions of a long base64 text that change at its beginning, its end, and within."""
    secret = organization_key(rng)
    inner = _text(rng, 3000) + f"\nkey = '{secret}'\n".encode() + _text(rng, 1500)
    encoded = base64.b64encode(inner)
    for changed in (encoded, b"QUJD" + encoded, encoded + b"QUJD", encoded[4:], encoded[:-8], encoded[: 2000 // 4 * 4]):
        yield b'data = "' + changed + b'"\n'
        yield b"\n".join(changed[at : at + 76] for at in range(0, len(changed), 76)) + b"\n"


@pytest.fixture(scope="module", params=[_seams, _clues, _long_runs], ids=lambda build: build.__name__.strip("_"))
def versions(request: pytest.FixtureRequest, module_rng: Random) -> list[bytes]:
    return list(request.param(module_rng))


@pytest.fixture(scope="module")
def module_rng() -> Random:
    from random import Random  # noqa: PLC0415 - the fixture ``rng`` is for one test

    return Random(17)


@pytest.fixture
def history(repo: Repository, versions: list[bytes]) -> Repository:
    """Return a repository in which one file had all of these versions."""
    stream = []
    for number, data in enumerate(versions):
        person = f"committer A <a@example.org> {1_600_000_000 + number} +0000\n".encode()
        stream += [
            b"commit refs/heads/main\n",
            person,
            b"data 1\nx\nM 100644 inline f\n",
            b"data %d\n" % len(data),
            data,
        ]
        stream.append(b"\n")
    repo.raw("fast-import", "--quiet", stdin=b"".join(stream))
    return repo


def _report(run: Run, path: Path) -> dict[str, Any]:
    report = run("history", path, "--no-cache", "--jobs", "1", "--min-confidence", "low").json
    del report["scan"]
    return report


@pytest.mark.parametrize("depth", _DEPTHS)
def test_whole_reports_are_equal(run: Run, history: Repository, depth: int, monkeypatch: pytest.MonkeyPatch) -> None:
    history.git("repack", "-adfq", f"--depth={depth}", "--window=50")
    quick = _report(run, history.path)
    with monkeypatch.context() as patch:
        patch.setattr(rebuild, "SMALL_BYTES", -1)
        patch.setattr(gather, "SMALL_BYTES", -1)
        assert _report(run, history.path) == quick, "every object alone"
        patch.setattr(plan, "survey", lambda *_, **__: None)
        assert _report(run, history.path) == quick, "read by git"
    assert quick["credentials"]
    assert quick["coverage"]["complete"]
