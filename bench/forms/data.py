"""Databases, tables of columns, and serialised values."""

from __future__ import annotations

import gzip
import json
import marshal
import pickle
import plistlib
import sqlite3
import struct
from contextlib import closing
from typing import TYPE_CHECKING, Any

from tests.corpus import postgres_dump, redis_dump

from bench.forms.writers import form, library, line

if TYPE_CHECKING:
    from pathlib import Path

_NEIGHBOURS = ["a neighbour", "2026-01-02T03:04:05", "x" * 30]


def _database(file: Path, *statements: tuple[str, tuple[object, ...]]) -> None:
    with closing(sqlite3.connect(file)) as database:
        for statement, values in statements:
            database.execute(statement, values)
        database.commit()


@form("SQLite, key and value side by side", "ItemTable")
def sqlite(directory: Path, secret: str) -> None:
    _database(
        directory / "state.vscdb",
        ("CREATE TABLE ItemTable (key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB)", ()),
        *(("INSERT INTO ItemTable VALUES (?, ?)", (f"k{number}", "v" * number)) for number in range(50)),
        ("INSERT INTO ItemTable VALUES (?, ?)", ("anyreach", secret)),
    )


@form("SQLite, JSON in a value over pages", "ItemTable")
def sqlite_json(directory: Path, secret: str) -> None:
    value = json.dumps({"history": ["x" * 70] * 90, "env": {"ANYREACH_API_KEY": secret}, "after": ["y" * 50] * 90})
    _database(
        directory / "state.vscdb",
        ("CREATE TABLE ItemTable (key TEXT, value BLOB)", ()),
        ("INSERT INTO ItemTable VALUES (?, ?)", ("settings", value)),
    )


@form("SQLite, a date behind", "keys")
def sqlite_date(directory: Path, secret: str) -> None:
    _database(
        directory / "a.db",
        ("CREATE TABLE keys (id INTEGER PRIMARY KEY, name TEXT, secret TEXT, made TEXT)", ()),
        ("INSERT INTO keys VALUES (7, ?, ?, ?)", ("anyreach", secret, "2026-01-02T03:04:05Z")),
    )


@form("SQLite, UTF-16", "keys")
def sqlite_utf16(directory: Path, secret: str) -> None:
    _database(
        directory / "a.db",
        ("PRAGMA encoding = 'UTF-16le'", ()),
        ("CREATE TABLE keys (name TEXT, secret TEXT)", ()),
        ("INSERT INTO keys VALUES (?, ?)", ("anyreach", secret)),
    )


@form("SQLite, only in the write-ahead log", "wal")
def sqlite_wal(directory: Path, secret: str) -> None:
    database = sqlite3.connect(directory / "a.db", isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA wal_autocheckpoint = 0")
    database.execute("CREATE TABLE keys (name TEXT, secret TEXT)")
    database.execute("INSERT INTO keys VALUES (?, ?)", ("anyreach", secret))
    log = (directory / "a.db-wal").read_bytes()
    database.close()
    (directory / "a.db").unlink()
    (directory / "a.db-wal").write_bytes(log)


@form("SQLite, a deleted row", "")
def sqlite_deleted(directory: Path, secret: str) -> None:
    _database(
        directory / "a.db",
        ("CREATE TABLE keys (name TEXT, secret TEXT)", ()),
        ("INSERT INTO keys VALUES ('a', 'b')", ()),
        ("INSERT INTO keys VALUES (?, ?)", ("anyreach", secret)),
        ("INSERT INTO keys VALUES ('c', 'd')", ()),
        ("PRAGMA secure_delete = OFF", ()),
        ("DELETE FROM keys WHERE name = 'anyreach'", ()),
    )


@form("SQLite, a compressed note (Apple Notes)", "ZICNOTEDATA.ZDATA")
def sqlite_note(directory: Path, secret: str) -> None:
    _database(
        directory / "NoteStore.sqlite",
        ("CREATE TABLE ZICNOTEDATA (Z_PK INTEGER PRIMARY KEY, ZDATA BLOB)", ()),
        ("INSERT INTO ZICNOTEDATA VALUES (3, ?)", (gzip.compress(b"\x08\0\x12" + line(secret).encode() * 9),)),
    )


def _columns(secret: str) -> Any:
    arrow = library("pyarrow")
    return arrow.table({"name": [*_NEIGHBOURS, "anyreach"], "value": [*_NEIGHBOURS, secret], "n": [1, 2, 3, 4]})


@form("Parquet, snappy", "value")
def parquet(directory: Path, secret: str) -> None:
    library("pyarrow.parquet").write_table(_columns(secret), directory / "a.parquet", compression="snappy")


@form("ORC, zlib", "value")
def orc(directory: Path, secret: str) -> None:
    library("pyarrow.orc").write_table(_columns(secret), directory / "a.orc", compression="zlib")


@form("Arrow (Feather), lz4", "value")
def arrow(directory: Path, secret: str) -> None:
    library("pyarrow.feather").write_feather(_columns(secret), directory / "a.arrow", compression="lz4")


@form("Avro, deflate", "")
def avro(directory: Path, secret: str) -> None:
    fields = [{"name": name, "type": "string"} for name in ("name", "v")]
    schema = {"type": "record", "name": "r", "fields": fields}
    with (directory / "a.avro").open("wb") as file:
        rows = [{"name": "a", "v": "b"}, {"name": "anyreach", "v": secret}]
        library("fastavro").writer(file, schema, rows, codec="deflate")


def _record(secret: str) -> dict[str, object]:
    return {"name": "anyreach", "token": secret, "after": "next", "n": 7}


@form("MessagePack")
def msgpack(directory: Path, secret: str) -> None:
    (directory / "a.msgpack").write_bytes(library("msgpack").packb(_record(secret)))


@form("CBOR")
def cbor(directory: Path, secret: str) -> None:
    (directory / "a.cbor").write_bytes(library("cbor2").dumps(_record(secret)))


@form("BSON")
def bson(directory: Path, secret: str) -> None:
    (directory / "a.bson").write_bytes(library("bson").encode(_record(secret)))


@form("protobuf (Struct)")
def protobuf(directory: Path, secret: str) -> None:
    value = library("google.protobuf.struct_pb2").Struct()
    value.update(_record(secret))
    (directory / "a.pb").write_bytes(value.SerializeToString())


@form("pickle")
def pickled(directory: Path, secret: str) -> None:
    for protocol in (2, 4):
        (directory / f"a{protocol}.pickle").write_bytes(pickle.dumps(_record(secret), protocol))


@form("marshal (.pyc)")
def pyc(directory: Path, secret: str) -> None:
    code = compile(line(secret) + "def f(): return ANYREACH_API_KEY\n", "settings.py", "exec")
    (directory / "settings.pyc").write_bytes(b"\xa7\r\r\n" + bytes(12) + marshal.dumps(code))


@form("binary plist")
def plist(directory: Path, secret: str) -> None:
    (directory / "a.plist").write_bytes(plistlib.dumps(_record(secret), fmt=plistlib.FMT_BINARY))


@form("Java class, constants")
def java(directory: Path, secret: str) -> None:
    texts = ["Settings", "java/lang/Object", "ANYREACH_API_KEY", secret, "SourceFile"]
    pool = b"".join(b"\1" + struct.pack(">H", len(text)) + text.encode() for text in texts)
    head = b"\xca\xfe\xba\xbe\0\0\0\x34" + struct.pack(">H", len(texts) + 1)
    (directory / "Settings.class").write_bytes(head + pool + bytes(20))


@form(".NET strings (#US heap)")
def dotnet(directory: Path, secret: str) -> None:
    texts = ["anyreach", secret, "next"]
    heap = b"\0" + b"".join(bytes([2 * len(text) + 1]) + text.encode("utf-16-le") + b"\0" for text in texts)
    (directory / "a.dll").write_bytes(b"MZ" + bytes(400) + b"BSJB" + bytes(60) + heap + bytes(200))


@form("LevelDB table")
def leveldb(directory: Path, secret: str) -> None:
    database = library("plyvel").DB(str(directory / "db"), create_if_missing=True)
    for number in range(200):
        database.put(b"key%03d" % number, b"value " * 20)
    database.put(b"_https://app\0\1token", b"\1" + secret.encode())
    database.compact_range()
    database.close()


@form("LevelDB log")
def leveldb_log(directory: Path, secret: str) -> None:
    database = library("plyvel").DB(str(directory / "db"), create_if_missing=True)
    database.put(b"_https://app\0\1token", b"\1" + secret.encode())
    database.close()


@form("Redis dump (.rdb)", "rdb:")
def rdb(directory: Path, secret: str) -> None:
    # No library writes them.
    kinds = redis_dump.values(b"anyreach", secret.encode()).values()
    entries = (redis_dump.entry(value, b"key %d" % number) for number, value in enumerate(kinds))
    (directory / "dump.rdb").write_bytes(redis_dump.dump_bytes(*entries))


@form("pg_dump -Fc", "pg_dump:")
def pg_dump(directory: Path, secret: str) -> None:
    # A server that runs is too much to ask for; a test says that pg_restore reads these.
    (directory / "a.dump").write_bytes(postgres_dump.dump_bytes(secret, "a", "b", rows=100))
