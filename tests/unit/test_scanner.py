"""The engine as a library."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from random import Random
from typing import TYPE_CHECKING

import pytest

import akpatrol
from akpatrol import Scanner
from akpatrol.detect import hyperscan_patterns
from akpatrol.errors import RuleError
from akpatrol.kinds.organization_key import KIND as ORGANIZATION_KEY
from akpatrol.model.scan import Confidence, Secret
from tests.credentials import organization_key, personal_access_token

if TYPE_CHECKING:
    from pathlib import Path

    from akpatrol.model.credential import RawFinding


def _one(findings: list[RawFinding]) -> RawFinding:
    (finding,) = findings
    return finding


@pytest.mark.parametrize("data", [str, str.encode])
def test_text_and_bytes(key: str, data: type[str]) -> None:
    finding = _one(Scanner().scan(data(f"é\nAPI_KEY={key}")))
    assert (finding.line, finding.column, finding.offset) == (2, 9, 3 + len("API_KEY="))
    assert (finding.match.kind, finding.match.confidence) == (ORGANIZATION_KEY, Confidence.HIGH)
    assert finding.match.secret == Secret(key.encode())
    assert key not in repr(finding) + str(finding)


@pytest.mark.parametrize("text", ["", "x" * 100, "\0", "\ud800", "\udcff\udc80", "ak_", "pat_."])
def test_nothing_in_it(text: str) -> None:
    assert Scanner().scan(text) == []


def test_lone_surrogates(key: str) -> None:
    """Text that came from bytes keeps its offsets; other surrogates do no harm."""
    assert _one(Scanner().scan(f"\udcff{key}")).offset == 1
    assert _one(Scanner().scan(f"\ud800 {key}")).column == 3


@pytest.mark.parametrize("size", [0, 1, 5000, (4 << 20) - 10, 4 << 20, (4 << 20) + 3000, 9 << 20])
def test_files(key: str, size: int) -> None:
    data = b"\n" * size + key.encode()
    scanner = Scanner()
    assert _one(list(scanner.scan_file(BytesIO(data)))) == _one(scanner.scan(data))
    assert _one(scanner.scan(data)).line == size + 1


class _Drips(BytesIO):
    def read(self, number: int | None = -1) -> bytes:
        return super().read(min(number or 0, 7))


def test_file_that_gives_little_at_a_time(key: str) -> None:
    assert _one(list(Scanner().scan_file(_Drips(b"x " + key.encode() + b"\n" * 100)))).column == 3


def test_more_than_one_call_holds(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hyperscan_patterns, "_CALL_BYTES", 1 << 20)
    scanner = Scanner()
    data = bytearray(b"\n" * (5 << 20))
    places = [0, (1 << 20) - hyperscan_patterns._CALL_OVERLAP, (1 << 20) - 20, (3 << 20) + 7, len(data) - 60]
    for place in places:
        data[place : place + len(key)] = key.encode()
    assert [finding.offset for finding in scanner.scan(bytes(data))] == places


def test_threads(rng: Random) -> None:
    """One scanner serves many threads, before and after it switches to hyperscan."""
    scanner = Scanner()
    samples = [
        (b"\n" * rng.randrange(300_000) + secret.encode() + b"\n" * 1000, secret)
        for secret in (organization_key(rng) if n % 2 else personal_access_token(rng) for n in range(60))
    ]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda sample: _one(scanner.scan(sample[0])), samples))
    assert [finding.match.secret for finding in found] == [Secret(secret.encode()) for _, secret in samples]


def test_minimum_confidence() -> None:
    text = f"dummy example {personal_access_token(Random(1), length=20)}"
    assert [len(Scanner(min_confidence=least).scan(text)) for least in Confidence] == [1, 1, 0]


def test_rule_files(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text("[[rules]]\nid = 'acme'\nregex = 'acme_[0-9a-f]{20}'\n")
    for file in (tmp_path / "rules.toml", str(tmp_path / "rules.toml"), tmp_path):
        assert _one(Scanner([file]).scan("acme_" + "0123456789" * 2)).match.rule_id == "acme"
    with pytest.raises(RuleError, match="missing"):
        Scanner([tmp_path / "missing.toml"])


def test_public_names() -> None:
    assert akpatrol.__all__ == ["Scanner", "__version__"]
    with pytest.raises(AttributeError, match="Scaner"):
        akpatrol.Scaner  # noqa: B018


def test_importing_the_package_is_cheap() -> None:
    """The command line imports it first."""
    script = "import sys, akpatrol; print(sum(name.startswith('akpatrol') for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.split()[0] == "1", done.stderr
