"""Unix archives, as dpkg-deb and ar write them."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from akpatrol.config.limits import Limits
from akpatrol.unwrap.budget import Budget
from tests.unit.unwrap.opening import WAYS, as_content, open_, through

if TYPE_CHECKING:
    from pathlib import Path

_ENDINGS = {"xz": ".xz", "gzip": ".gz", "zstd": ".zst", "none": ""}
_CONTROL = "Package: example\nVersion: 1\nArchitecture: all\nMaintainer: A <a@example.org>\nDescription: example\n"


def _member(name: bytes, data: bytes, size: int | None = None) -> bytes:
    header = b"%-16b%-12d%-6d%-6d%-8o%-10d`\n" % (name, 0, 0, 0, 0o644, len(data) if size is None else size)
    return header + data + b"\n" * (len(data) % 2)


@pytest.mark.parametrize("way", WAYS)
def test_names_of_all_dialects(way: str) -> None:
    long_names = b"a name that is longer than sixteen.o/\nanother/\n"
    data = b"!<arch>\n" + b"".join(
        (
            _member(b"/", b"\0\0\0\0"),
            _member(b"//", long_names),
            _member(b"short.o/", b"one"),
            _member(b"/0", b"two!"),
            _member(b"/38", b"three"),
            _member(b"#1/12", b"bsd's name\0\0four"),
            _member(b"debian-binary", b"2.0\n"),
        )
    )
    opened = open_(data, way)
    assert opened.skips == []
    assert opened.members[2:] == [
        ("ar:short.o", b"one"),
        ("ar:a name that is longer than sixteen.o", b"two!"),
        ("ar:another", b"three"),
        ("ar:bsd's name", b"four"),
        ("ar:debian-binary", b"2.0\n"),
    ]
    assert opened.names[0] == b"short.o"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (_member(b"a", b"abc", 100), "truncated"),
        (_member(b"a", b"abcd") + b"cut", "truncated at byte"),
        (_member(b"a", b"abcd") + b"x" * 60, "damaged at byte 72"),
    ],
)
@pytest.mark.parametrize("way", WAYS)
def test_damage_is_told(data: bytes, reason: str, way: str) -> None:
    assert reason in open_(b"!<arch>\n" + data, way).reasons


@pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="needs dpkg-deb")
@pytest.mark.parametrize("compression", ["xz", "gzip", "zstd", "none"])
def test_a_debian_package(tmp_path: Path, compression: str) -> None:
    (tmp_path / "p" / "DEBIAN").mkdir(parents=True)
    (tmp_path / "p" / "DEBIAN" / "control").write_text(_CONTROL)
    (tmp_path / "p" / "x.env").write_text("within")
    command = ["dpkg-deb", f"-Z{compression}", "--root-owner-group", "-b", str(tmp_path / "p"), str(tmp_path / "p.deb")]
    subprocess.run(command, check=True, capture_output=True)
    data = (tmp_path / "p.deb").read_bytes()
    opened = open_(data)
    assert [name for name, _ in opened.members] == ["ar:debian-binary"] + [
        f"ar:{part}.tar{_ENDINGS[compression]}" for part in ("control", "data")
    ]
    assert opened.skips == []
    whole = through(as_content(data), Budget(Limits()))
    assert (b"./x.env" in whole.names, whole.skips) == (True, [])
