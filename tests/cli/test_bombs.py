"""Archives and texts that are made to take forever: each ends in little memory and hides nothing."""

from __future__ import annotations

import gzip
import json
import re
import struct
import tarfile
import zipfile
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest

from tests.corpus import packing
from tests.corpus.text import prose
from tests.credentials import organization_key
from tests.program import execute

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

    Build = Callable[[Random], bytes]

_MEGABYTES = 60
_MEMBERS, _MOST_MEMBERS = 200_000, 50_000
# Not ru_maxrss: it carries the parent's value over exec.
_PEAK = (
    "import atexit, sys\n"
    "peak = lambda: open('/proc/self/status').read().split('VmHWM:')[1].split()[0]\n"
    "atexit.register(lambda: sys.stderr.write('\\npeak ' + peak()))"
)


def _scan(*arguments: str | Path) -> tuple[int, Any, float]:
    """Return the exit code, the report and the most memory that it took, in MB."""
    done = execute("scan", *arguments, "--jobs", "1", "-f", "json", patch=_PEAK)
    return done.code, json.loads(done.out), int(done.err.rpartition(b"peak ")[2]) / 1000


@pytest.fixture(scope="module")
def least(tmp_path_factory: pytest.TempPathFactory) -> float:
    """What a scan of nothing takes, in MB."""
    return _scan(tmp_path_factory.mktemp("empty"))[2]


def _forty_two(_: Random) -> bytes:
    """Sixteen archives in each of sixteen archives, five times over: a hundred thousand times 16 MiB."""
    data = packing.zip_bytes({"zeros": bytes(16 << 20)})
    for _level in range(5):
        data = packing.zip_bytes({f"{number:x}.zip": data for number in range(16)})
    return data


def _zeros(_: Random) -> bytes:
    """16 GiB of zeros in some kilobytes."""
    streams = gzip.compress(bytes(64 << 20), 9, mtime=0) * 256
    return gzip.compress(streams, mtime=0)


def _many_members(_: Random) -> bytes:
    """Many entries of a zip's directory for one file that is stored."""
    local = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 0, 0, 0, 0, 0, 0, 7, 0) + b"f000000"
    entry = struct.Struct("<4s6H3L5H2L")
    fixed = entry.pack(b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0)
    directory = b"".join(fixed + b"f%06d" % number for number in range(_MEMBERS))
    offset = len(local) + len(directory)
    end = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, _MEMBERS, _MEMBERS, len(directory), len(local))
    end += struct.pack("<4sLQL", b"PK\6\7", 0, offset, 1)
    end += struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return local + directory + end


def _deep(_: Random) -> bytes:
    data = b"bottom"
    for level in range(40):
        data = packing.tar_bytes({"in.tar": data}) if level % 2 else gzip.compress(data, mtime=0)
    return data


def _itself(_: Random) -> bytes:
    """A zip in which each stored entry begins with the rest of the archive: every entry holds all behind it."""
    entries, number = [], 150
    for index in range(number):
        name = b"%05d.zip" % index
        entries.append(struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 0, 0, 0, 0, 0, 0, len(name), 0) + name)
    size = len(entries[0])
    directory = b"".join(
        struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, left, left, 9, 0, 0, 0, 0, 0, index * size)
        + b"%05d.zip" % index
        for index in range(number)
        for left in [(number - index - 1) * size]
    )
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, number, number, len(directory), number * size, 0)
    return b"".join(entries) + directory + end


def _header(name: bytes, size: bytes, kind: bytes, rest: bytes = b"") -> bytes:
    """Return a tar header with any size, whose checksum holds."""
    header = bytearray(name.ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + size.ljust(12, b"\0"))
    header += b"0".rjust(11, b"0") + b"\0" + b" " * 8 + kind + bytes(100) + b"ustar  \0" + bytes(121) + rest
    header += bytes(512 - len(header))
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


def _negative_size(_: Random) -> bytes:
    first = _header(b"a", b"00000000004", b"0") + b"text".ljust(512, b"\0")
    return first + _header(b"b", b"\xff" * 12, b"0") + first + bytes(1024)


def _huge_size(_: Random) -> bytes:
    return _header(b"a", b"\x80\0\0\0" + b"\x7f" + b"\xff" * 7, b"0") + b"text".ljust(1536, b"\0")


_BOMBS: dict[str, tuple[Build, str]] = {
    "forty-two": (_forty_two, "--max-ratio"),
    "zeros": (_zeros, "--max-ratio"),
    "members": (_many_members, "--max-members"),
    "deep": (_deep, "--max-depth"),
    "negative size": (_negative_size, "damaged"),
    "huge size": (_huge_size, "truncated"),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", _BOMBS)
def test_bomb(tmp_path: Path, rng: Random, key: str, least: float, kind: str) -> None:
    """The files before and behind it are read; what it was that could not be is said with the option that helps."""
    build, words = _BOMBS[kind]
    (tmp_path / "bomb").write_bytes(build(rng))
    (tmp_path / "a.env").write_text(f"KEY={key}\n")
    (tmp_path / "z.env").write_text(f"KEY={key}\n")
    code, report, peak = _scan(tmp_path, "--max-members", str(_MOST_MEMBERS))
    (credential,) = report["credentials"]
    assert (code, [place["path"] for place in credential["occurrences"]]) == (1, ["a.env", "z.env"])
    skipped = report["coverage"]["skipped"]
    assert any(words in skip["reason"] for skip in skipped), skipped
    assert all(skip["item"].startswith("bomb") for skip in skipped)
    assert len(skipped) < 30  # however much there is in it
    assert peak < least + _MEGABYTES


@pytest.mark.parametrize("kind", ["forty-two", "zeros", "deep"])
def test_bomb_alone_is_no_clean_scan(tmp_path: Path, rng: Random, kind: str) -> None:
    (tmp_path / "bomb").write_bytes(_BOMBS[kind][0](rng))
    code, report, _ = _scan(tmp_path, "--max-expanded-overall", "100M")
    assert (code, report["coverage"]["complete"]) == (3, False)


@pytest.mark.slow
def test_archive_in_which_entries_overlap(tmp_path: Path, key: str, rng: Random, least: float) -> None:
    """Each entry is all that follows it, and so a zip again: the scan ends, and the content after it is found."""
    (tmp_path / "bomb").write_bytes(_itself(rng))
    (tmp_path / "z.env").write_text(f"KEY={key}\n")
    code, report, peak = _scan(tmp_path)
    assert (code, len(report["credentials"])) == (1, 1)
    assert peak < least + _MEGABYTES


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_names_that_lead_out(tmp_path: Path, rng: Random, kind: str) -> None:
    """They are names: what is behind them is found, nothing is written, and nothing else is read."""
    outside = tmp_path / "outside"
    outside.mkdir()
    secrets = [organization_key(rng) for _ in range(3)]
    names = ("../outside/a", str(outside / "b"), "d/../../outside/c")
    members = {name: f"KEY={secret}\n".encode() for name, secret in zip(names, secrets, strict=True)}
    data = packing.zip_bytes(members) if kind == "zip" else packing.tar_bytes(members)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "bomb").write_bytes(data)
    code, report, _ = _scan(tmp_path / "in")
    places = [place for credential in report["credentials"] for place in credential["occurrences"]]
    assert {place["containers"][0] for place in places} == {f"{kind}:{name}" for name in names}
    assert (code, report["coverage"]["complete"], list(outside.iterdir())) == (1, True, [])


def test_links_in_a_tar_lead_nowhere(tmp_path: Path, key: str) -> None:
    (tmp_path / "secret").write_text(key)
    link = tarfile.TarInfo("link")
    link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path / "secret")
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        archive.addfile(link)
    code, report, _ = _scan(tmp_path / "a.tar")
    assert (code, report["credentials"]) == (0, [])


_ALARMS = {
    "base64": b"YWtf",
    "base64 with breaks": b"YWt\nfYW\n",
    "base64 of base64": b"WVd0Zg",
    "hex": b"616b5f",
    "hex bytes": b"61 6b 5f ",
    "percent": b"%61%6b%5f",
    "percent of percent": b"%2561%256b%255f",
    "backslash": rb"\u0061\x6b\137",
    "html": b"&#97;&#107;&lowbar;",
    "quoted-printable": b"=61=6B=5F=\n",
    "utf-16": "ak_".encode("utf-16-le"),
    "utf-32": "pat_".encode("utf-32-be"),
    "gzip in base64": b"H4sIAAAAAAAA/",
    "gzip in base64, in lines": b"H4sIAAAAAAAA/w==\n",
    "zip": b"PK\3\4",
}


@pytest.mark.parametrize("kind", _ALARMS)
def test_nothing_but_alarms(tmp_path: Path, key: str, least: float, kind: str) -> None:
    """Half a MiB that looks encoded everywhere."""
    text = _ALARMS[kind]
    (tmp_path / "alarms").write_bytes(text * ((512 << 10) // len(text)))
    (tmp_path / "z.env").write_text(f"KEY={key}\n")
    code, report, peak = _scan(tmp_path)
    assert (code, len(report["credentials"])) == (1, 1)
    assert peak < least + _MEGABYTES


def test_encoded_twelve_times(tmp_path: Path, rng: Random, key: str, least: float) -> None:
    data = f"{prose(rng, 4_000)}{key}\n{prose(rng, 4_000)}".encode()
    for _ in range(12):
        data = b64encode(data)
    (tmp_path / "text").write_bytes(data)
    code, report, peak = _scan(tmp_path)
    assert (code, report["credentials"]) in ((0, []), (3, []))
    assert peak < least + _MEGABYTES


@pytest.mark.slow
def test_standard_input(rng: Random, least: float) -> None:
    done = execute("scan", "-", "-f", "json", stdin=_forty_two(rng), patch=_PEAK)
    report = json.loads(done.out)
    assert (done.code, report["coverage"]["complete"]) == (3, False)
    assert "--max-ratio" in report["coverage"]["skipped"][0]["reason"]
    assert int(re.findall(rb"peak (\d+)", done.err)[0]) / 1000 < least + _MEGABYTES


def test_zip_with_a_password_only_in_its_directory(tmp_path: Path, key: str) -> None:
    """A header that lies about its member costs that member and no other."""
    data = bytearray(packing.zip_bytes({"a": b"text", "b": key.encode()}, zipfile.ZIP_STORED))
    data[data.index(b"PK\1\2") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(data)
    code, report, _ = _scan(tmp_path)
    assert (code, len(report["credentials"]), report["coverage"]["complete"]) == (1, 1, False)
