"""Fuzzes each form of container by itself, from files that real writers made."""

from __future__ import annotations

import gzip
import io
import tempfile
import zipfile
from functools import cache
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from tests.corpus import foreign
from tests.credentials import organization_key, personal_access_token

from akpatrol.model.chunks import content_of
from akpatrol.model.credential import RawFinding
from akpatrol.model.scan import Origin
from akpatrol.rules import rule_file
from akpatrol.scan.examine import Examiner
from bench.forms import archives, data, documents, texts, within  # noqa: F401 - they enter their writers in the table
from bench.forms.writers import WRITERS, MissingError
from bench.fuzz_target import Violation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_BLOCK_BYTES = 1 << 16
_SEED_BYTES = 2 << 20


class Examined:
    """Reads files by an examiner, as a whole and as a stream."""

    def __init__(self) -> None:
        self._examiner = Examiner(rule_file.load())

    def run(self, file: bytes, number: int) -> None:
        """Examine the file."""
        position = 0

        def read(size: int) -> bytes:
            nonlocal position
            position += size
            return file[position - size : position]

        def at(offset: int, size: int) -> bytes:
            return file[offset : offset + size]

        block = _BLOCK_BYTES if number % 2 else len(file) + 1
        content = content_of(read, Origin("fuzz", path=b"file"), block=block)
        if content.read is not None and number % 4 == 1:
            content = content._replace(at=at, size=len(file))
        for found in self._examiner.examine_item(content):
            if isinstance(found, RawFinding):
                _check(found, len(file))


def _check(hit: RawFinding, size: int) -> None:
    begin, end = (hit.line, hit.column), (hit.end_line, hit.end_column)
    if hit.offset < 0 or (not hit.origin.containers and hit.offset >= size) or begin < (1, 1) or begin >= end:
        raise Violation(f"a finding at {hit.offset}, {begin} to {end}, in {size} bytes")
    if hit.match.secret.reveal().decode("latin-1") in repr(hit.context):
        raise Violation("a finding's context shows its secret")


class _Form(Examined):
    """Files of the writers whose names begin with one of ``names``."""

    names: tuple[str, ...]

    def __init__(self, scratch: Path) -> None:
        del scratch
        super().__init__()
        self.seeds: Sequence[bytes] = _seeds(self.names)


@cache
def _seeds(names: tuple[str, ...]) -> tuple[bytes, ...]:
    """Return the files of the writers; those that are compressed as a whole, opened, so that mutations get further."""
    seeds = [each for name in names for file in (*_written(name), *_made(name)) for each in _opened(file)]
    if not seeds:
        raise MissingError(f"no writer of {', '.join(names)} is installed")
    return tuple(seeds)


def _written(name: str) -> Iterator[bytes]:
    for writer in WRITERS:
        if writer.name.startswith(name):
            with tempfile.TemporaryDirectory() as directory:
                try:
                    writer.write(Path(directory), personal_access_token(Random(writer.name)))
                except (MissingError, ImportError):
                    continue
                for file in sorted(Path(directory).rglob("*")):
                    if file.is_file() and 0 < file.stat().st_size <= _SEED_BYTES:
                        yield file.read_bytes()


def _made(name: str) -> Iterator[bytes]:
    """Yield files of forms whose writers are not free."""
    make: Mapping[str, Callable[[dict[str, bytes]], bytes]] = {"rar": foreign.rar_bytes, "cab": foreign.cab_bytes}
    if name in make:
        text = f"ANYREACH_API_KEY={organization_key(Random(name))}\n".encode()
        yield make[name]({"a.txt": b"x" * 70, "conf/.env": text})


def _opened(file: bytes) -> Iterator[bytes]:
    if file.startswith(b"\x1f\x8b"):
        yield gzip.decompress(file)
    elif file.startswith(b"PK"):
        yield from _parts_of_zip(file)
    else:
        yield file


def _parts_of_zip(file: bytes) -> Iterator[bytes]:
    """Yield the archive with its members stored, and its documents."""
    stored = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(file)) as archive, zipfile.ZipFile(stored, "w") as copy:
        for name in archive.namelist():
            content = archive.read(name)
            if not name.endswith((".jpeg", ".png", ".sample")):
                copy.writestr(name, content)
            if name.endswith(("document.xml", "content.xml", "sheet1.xml", "slide1.xml")):
                yield content
    yield stored.getvalue()


def _form(*names: str) -> type[Any]:
    return type("Form", (_Form,), {"names": names})


FORM_TARGETS = {
    "sqlite": _form("SQLite"),
    "pdf": _form("PDF"),
    "office": _form("docx", "pptx", "odt"),
    "workbook": _form("xlsx"),
    "ole2": _form("xls,"),
    "cpio": _form("cpio"),
    "rpm": _form("rpm"),
    "ar": _form("ar", "deb"),
    "iso": _form("ISO"),
    "asar": _form("asar"),
    "warc": _form("WARC"),
    "avro": _form("Avro"),
    "columns": _form("Parquet", "ORC", "Arrow"),
    "leveldb": _form("LevelDB"),
    "pg_dump": _form("pg_dump"),
    "redis": _form("Redis"),
    "bundle": _form("git bundle"),
    "pack-file": _form("git pack"),
    "git-archive": _form(".git in"),
    "7z": _form("7z"),
    "appended": _form("7z in a program", "tar.gz in a script"),
    "rar": _form("rar"),
    "cab": _form("cab"),
    "xar": _form("xar"),
    "lz4": _form("lz4"),
    "compress": _form("compress"),
    "joined": _form("adjacent", "string literals", "YAML", "shell", "a log whose", "<wbr>", "a hard wrap", "streamed"),
}
