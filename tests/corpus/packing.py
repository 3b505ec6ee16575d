"""Containers, made by the tools that make them everywhere, with what is looked for as one member."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
import tarfile
import zipfile
from typing import TYPE_CHECKING

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
