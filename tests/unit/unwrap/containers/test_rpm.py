"""Packages, as rpmbuild writes them."""

from __future__ import annotations

import gzip
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from akpatrol.config.limits import Limits
from akpatrol.unwrap.budget import Budget
from tests.corpus.packing import cpio_bytes, rpm_bytes
from tests.unit.unwrap.opening import WAYS, as_content, open_, through

if TYPE_CHECKING:
    from pathlib import Path

_PAYLOAD = gzip.compress(cpio_bytes({"./etc/x.env": b"within"}), mtime=0)
_SPEC = """
Name: example
Version: 1
Release: 1
Summary: an example
License: none
BuildArch: noarch
%description
Text that describes it.
%install
mkdir -p %{buildroot}/etc
echo within > %{buildroot}/etc/x.env
%post
echo a script
%files
/etc/x.env
"""


@pytest.mark.parametrize("way", WAYS)
def test_headers_and_payload(way: str) -> None:
    opened = open_(rpm_bytes(_PAYLOAD, b"name\0echo a script\0"), way)
    assert opened.members == [
        ("rpm:signature", bytes(20)),
        ("rpm:header", b"name\0echo a script\0"),
        ("rpm:payload", _PAYLOAD),
    ]
    assert opened.skips == []


@pytest.mark.parametrize("compression", ["w9.gzdio", "w9.bzdio", "w6.xzdio", "w6.lzdio", "w3.zstdio", "w.ufdio"])
@pytest.mark.skipif(not shutil.which("rpmbuild"), reason="needs rpmbuild")
@pytest.mark.slow
def test_what_rpmbuild_writes(tmp_path: Path, compression: str) -> None:
    (tmp_path / "a.spec").write_text(_SPEC)
    defined = [f"_topdir {tmp_path}", f"_binary_payload {compression}"]
    command = ["rpmbuild", "-bb", "--quiet", "--define", defined[0], "--define", defined[1], str(tmp_path / "a.spec")]
    subprocess.run(command, check=True, capture_output=True, env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"})
    (file,) = tmp_path.glob("RPMS/noarch/*.rpm")
    data = file.read_bytes()
    opened = open_(data)
    assert [name for name, _ in opened.members] == ["rpm:signature", "rpm:header", "rpm:payload"]
    assert b"echo a script" in opened.contents[1]
    assert b"Text that describes it." in opened.contents[1]
    assert opened.skips == []
    whole = through(as_content(data), Budget(Limits()))
    assert (b"./etc/x.env" in whole.names, whole.skips) == (True, [])


@pytest.mark.parametrize("tag", [5008, 5114])
def test_a_payload_without_names_and_sizes_is_told(tag: int) -> None:
    opened = open_(rpm_bytes(gzip.compress(b"07070X00000000of it"), b"", (tag,)))
    assert opened.reasons.startswith("rpm package: its files' names and sizes are not in the payload")


def test_a_payload_of_an_unknown_kind_is_told() -> None:
    opened = open_(rpm_bytes(b"something else"))
    assert opened.contents[-1] == b"something else"
    assert opened.reasons.startswith("rpm package: its payload")


def test_damage_is_told() -> None:
    data = bytearray(rpm_bytes(_PAYLOAD, b"strings\0"))
    data[96] ^= 1
    assert open_(bytes(data)).reasons == "damaged at byte 96"
    data[96] ^= 1
    data[96 + 8 : 96 + 16] = b"\xff" * 8
    assert open_(bytes(data)).reasons == "damaged at byte 96"


@pytest.mark.parametrize("way", WAYS)
def test_truncation_is_told_at_every_byte_before_the_payload(way: str) -> None:
    data = rpm_bytes(b"", b"name\0echo a script\0", (1000, 1001))
    for size in range(4, len(data) + 1):
        assert "truncated" in open_(data[:size], way).reasons
