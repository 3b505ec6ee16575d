"""Containers, made by the tools that make them everywhere, with what is looked for as one member."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import sys
import tarfile
import zipfile
from typing import TYPE_CHECKING

from tests.corpus.iso_image import iso_bytes

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.corpus.artifact import Artifact

_MOMENT = 1_704_067_200
_NOTHING: Mapping[str, bytes] = {}


def zip_bytes(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip of these members."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0))
            info.compress_type = method
            archive.writestr(info, data)
    return stream.getvalue()


def tar_bytes(members: Mapping[str, bytes], layout: int = tarfile.PAX_FORMAT, mode: str = "w:") -> bytes:
    """Return a tar of these members; ``mode`` may ask for a compressed one."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode, format=layout) as archive:  # type: ignore[call-overload]  # any mode
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), _MOMENT
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def zipped(
    what: Artifact, name: str, others: Mapping[str, bytes] = _NOTHING, method: int = zipfile.ZIP_DEFLATED
) -> Artifact:
    """Return it as the last member of a zip."""
    return what.packed(f"zip:{name}", zip_bytes({**others, name: what.data}, method))


def tarred(
    what: Artifact, name: str, others: Mapping[str, bytes] = _NOTHING, layout: int = tarfile.PAX_FORMAT
) -> Artifact:
    """Return it as the last member of a tar."""
    return what.packed(f"tar:{name}", tar_bytes({**others, name: what.data}, layout))


def cpio_bytes(members: Mapping[str, bytes], layout: str = "newc") -> bytes:
    """Return a cpio archive in the layout ``newc``, ``odc``, or ``bin`` for the old binary one."""
    parts = []
    for number, (name, data) in enumerate({**members, "TRAILER!!!": b""}.items()):
        stored, mode = name.encode() + b"\0", 0o100644
        if layout == "newc":
            fields = (number, mode, 0, 0, 1, _MOMENT, len(data), 0, 0, 0, 0, len(stored), 0)
            head = b"070701" + b"".join(b"%08x" % field for field in fields) + stored
            parts.append(head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4))
        elif layout == "odc":
            head = b"070707" + b"".join(b"%06o" % field for field in (0, number, mode, 0, 0, 1, 0))
            parts.append(head + b"%011o%06o%011o" % (_MOMENT, len(stored), len(data)) + stored + data)
        else:
            words = (0o070707, 0, number, mode, 0, 0, 1, 0, *divmod(_MOMENT, 1 << 16), len(stored))
            head = struct.pack("<13H", *words, *divmod(len(data), 1 << 16)) + stored
            parts.append(head + bytes(len(head) % 2) + data + bytes(len(data) % 2))
    return b"".join(parts)


def rpm_bytes(payload: bytes, strings: bytes = b"", tags: tuple[int, ...] = ()) -> bytes:
    """Return an rpm package with this payload; its header has these strings, and these tags without a value."""

    def header(store: bytes, tags: tuple[int, ...]) -> bytes:
        index = b"".join(struct.pack(">4I", tag, 6, 0, 1) for tag in tags)
        return b"\x8e\xad\xe8\1" + struct.pack(">3I", 0, len(tags), len(store)) + index + store

    lead = b"\xed\xab\xee\xdb\3\0" + struct.pack(">2H66s2H16x", 0, 1, b"example-1-1", 1, 5)
    signature = header(b"\0" * 20, ())
    return lead + signature + bytes(-len(signature) % 8) + header(strings, tags) + payload


def in_cpio(what: Artifact, name: str, others: Mapping[str, bytes] = _NOTHING, layout: str = "newc") -> Artifact:
    """Return it as the last member of a cpio archive."""
    return what.packed(f"cpio:{name}", cpio_bytes({**others, name: what.data}, layout))


def in_rpm(what: Artifact) -> Artifact:
    """Return it as the payload of a package."""
    return what.packed("rpm:payload", rpm_bytes(what.data, b"example\x001\0"))


def in_iso(what: Artifact, name: str, others: Mapping[str, bytes] = _NOTHING, names: str = "rock") -> Artifact:
    """Return it as the last file of an image."""
    return what.packed(f"iso:{name}", iso_bytes({**others, name: what.data}, names))


def gzipped(what: Artifact, name: str = "") -> Artifact:
    """Return it compressed, with its original name if there is one."""
    stream = io.BytesIO()
    with gzip.GzipFile(name, "wb", fileobj=stream, mtime=_MOMENT) as file:
        file.write(what.data)
    return what.packed(f"gzip:{name}" if name else "gzip", stream.getvalue())


def bzipped(what: Artifact) -> Artifact:
    """Return it compressed."""
    return what.packed("bzip2", bz2.compress(what.data))


def xzipped(what: Artifact) -> Artifact:
    """Return it compressed."""
    return what.packed("xz", lzma.compress(what.data))


def zstandard(what: Artifact) -> Artifact:
    """Return it compressed."""
    return what.packed("zstd", zstd.compress(what.data))
