"""The table of forms that hide what they hold, by what they begin with, and what becomes of each.

A form that may hold text in other bytes than its own is opened, or it is a gap: a skip with its reason, which makes
the scan incomplete. A file that is encrypted as a whole is counted as left out: nobody without its key can read it, and
it is where a secret belongs. Pictures, sound, video and fonts hold no text, and are searched as they lie, like whatever
is not listed here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Opened, or looked into far enough to tell whether they hide anything.
_OPENED: Final[dict[str, tuple[bytes, ...]]] = {
    # PKWARE APPNOTE 4.3.7, 4.3.16; 8.5.3 and 8.5.4 for the marks of archives that are split or might have been.
    "zip": (b"PK\3\4", b"PK\5\6", b"PK\7\x08PK\3\4", b"PK00PK\3\4"),
    "gzip": (b"\x1f\x8b\x08",),  # RFC 1952, 2.3.1: deflate is the only method
    "bzip2": tuple(
        b"BZh%d" % level + block
        for level in range(1, 10)
        for block in (b"\x31\x41\x59\x26\x53\x59", b"\x17\x72\x45\x38\x50\x90")
    ),
    "xz": (b"\xfd7zXZ\0",),  # The .xz File Format 1.2, 2.1.1.1
    # RFC 8878, 3.1.1 and 3.1.2
    "zstd": (b"\x28\xb5\x2f\xfd", *(bytes((0x50 + low, 0x2A, 0x4D, 0x18)) for low in range(16))),
    "lzma": (b"\x5d\0\0",),  # of a usual size of the dictionary, whose lowest byte is zero
    "lzip": (b"LZIP\1",),
    "zlib": (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"),  # RFC 1950, 2.2
    "ar": (b"!<arch>\n",),
    "pdf": (b"%PDF-", b"\xef\xbb\xbf%PDF-", b"\n%PDF-", b"\r\n%PDF-", b" %PDF-"),
    "sqlite": (b"SQLite format 3\0",),
    "sqlite-wal": (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83"),  # SQLite file format, 4.1
    # Parts of office documents, with a declaration and without; RTF
    "document": (
        b"<?xml",
        b"\xef\xbb\xbf<?xml",
        b"<w:",
        b"<p:",
        b"<c:",
        b"<xdr:",
        b"<dgm:",
        b"<pkg:",
        b"<ns0:",
        b"<office:",
        b"<sst",
        b"<worksheet",
        b"<comments",
        b"{\\rtf",
    ),
    "avro": (b"Obj\1",),
    "arrow": (b"ARROW1\0\0",),
    "journal": (b"LPKSHHRH",),
    "matlab": (b"MATLAB 5.0 MAT-file", b"MATLAB 7.0 MAT-file"),
}

# What makes a scan incomplete, and why: the words before the colon name the form.
_GAPS: Final[dict[str, tuple[str, tuple[bytes, ...]]]] = {
    "git bundle": (
        "git bundle: its history is not read; clone it and run akpatrol history",
        (b"# v2 git bundle\n", b"# v3 git bundle\n"),
    ),
    "git pack": (
        "git pack: it is not opened; run akpatrol history on its repository",
        (b"PACK\0\0\0\2", b"PACK\0\0\0\3"),
    ),
    # Archives and packages
    "7z": ("7z archive: it is not opened", (b"7z\xbc\xaf\x27\x1c",)),
    "rar": ("rar archive: it is not opened", (b"Rar!\x1a\x07",)),
    "cab": ("cabinet (.cab): it is not opened", (b"MSCF\0\0\0\0", b"ISc(")),
    "rpm": ("rpm package: it is not opened", (b"\xed\xab\xee\xdb",)),
    "cpio": (
        "cpio archive: it is not opened",
        (b"070701", b"070702", b"070707"),
    ),
    "xar": ("xar archive: it is not opened", (b"xar!\0",)),
    "arj": ("arj archive: it is not opened", (b"\x60\xea",)),
    "zpaq": ("zpaq archive: it is not opened", (b"7kSt\xa0\x31\x83\xd3\x8c\xb2\x28\xb0\xd3", b"zPQ\1", b"zPQ\2")),
    "stuffit": ("StuffIt archive: it is not opened", (b"StuffIt (c)", b"SIT!")),
    "pack200": ("pack200: it is not expanded", (b"\xca\xfe\xd0\x0d",)),
    # Streams
    "lz4": ("lz4: it is not expanded", (b"\x04\x22\x4d\x18", b"\x02\x21\x4c\x18", b"mozLz40\0")),
    "compress": (
        "compress (.Z): it is not expanded",
        tuple(b"\x1f\x9d" + bytes((flags | bits,)) for flags in (0, 128) for bits in range(9, 17)),
    ),
    "snappy": ("snappy: it is not expanded", (b"\xff\x06\0\0sNaPpY",)),
    "lzo": ("lzop: it is not expanded", (b"\x89LZO\0\x0d\x0a\x1a\x0a",)),
    "lrzip": ("lrzip: it is not expanded", (b"LRZI\0",)),
    "lzfse": ("lzfse: it is not expanded", (b"bvx1", b"bvx2", b"bvxn", b"pbzx")),
    "msdos compress": ("SZDD and KWAJ: it is not expanded", (b"SZDD\x88\xf0\x27\x33", b"KWAJ\x88\xf0\x27\xd1")),
    "prefetch": ("Windows prefetch: it is not expanded", (b"MAM\x04",)),
    # Images of disks: what lies in them as it is is found, what they compress or scatter is not
    "iso": ("ISO 9660 image: its files are not opened", ()),
    "image": (
        "disk image: its files are not opened",
        (
            b"hsqs",
            b"sqsh",
            b"QFI\xfb",
            b"KDMV",
            b"COWD",
            b"vhdxfile",
            b"conectix",
            b"cxsparse",
            b"MSWIM\0\0\0",
            b"\x45\x3d\xcd\x28",
            b"-rom1fs-",
            b"UBI#",
            b"UBI!",
            b"<<< ",
            b"XFSB",
        ),
    ),
    # Documents and mail
    "ole2": ("OLE2 document (.doc, .xls, .ppt, .msg, .msi): it is not opened", (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",)),
    "chm": ("compiled help (.chm): it is not opened", (b"ITSF\3\0\0\0",)),
    "djvu": ("DjVu: it is not opened", (b"AT&TFORM",)),
    "pst": ("Outlook's mail (.pst): it is not opened", (b"!BDN",)),
    "tnef": ("TNEF (winmail.dat): it is not opened", (b"\x78\x9f\x3e\x22",)),
    "flash": ("compressed Flash: it is not opened", (b"CWS", b"ZWS")),
    # Databases and tables
    "parquet": ("Parquet: its pages are not expanded", (b"PAR1", b"PARE")),
    "orc": ("ORC: its columns are not expanded", (b"ORC",)),
    "pg_dump": ("PostgreSQL's custom dump (pg_dump -Fc): it is not expanded", (b"PGDMP",)),
    "rdb": ("Redis dump (.rdb): it is not expanded", (b"REDIS00",)),
    "wiredtiger": ("WiredTiger (MongoDB): its blocks are not expanded", (b"\x41\xd8\x01\0",)),
    "access": ("Access database: it is not opened", (b"\0\1\0\0Standard Jet DB\0", b"\0\1\0\0Standard ACE DB\0")),
    "hdf5": ("HDF5: its chunks are not expanded", (b"\x89HDF\x0d\x0a\x1a\x0a",)),
    # Known by their last bytes
    "dmg": ("Apple disk image (.dmg): it is not opened", ()),
    "leveldb": ("LevelDB and RocksDB table: its blocks are not expanded", ()),
    "pyinstaller": ("PyInstaller program: its archive is not opened", ()),
}

# Encrypted as a whole.
_ENCRYPTED: Final[dict[str, tuple[bytes, ...]]] = {
    # RFC 9580, 5.1 and 5.3: a session key for somebody, or for a password; 6.2 for the armour.
    "pgp": (
        *(bytes((0x85, high)) for high in range(1, 5)),
        b"\x84\x5e\3",
        b"\x8c\x0d\4",
        b"\x8c\x2e\4",
        b"-----BEGIN PGP MESSAGE-----",
    ),
    "age": (b"age-encryption.org/v1", b"-----BEGIN AGE ENCRYPTED FILE-----"),
    "ansible vault": (b"$ANSIBLE_VAULT;",),
    "openssl": (b"Salted__", b"U2FsdGVkX1"),
    "git-crypt": (b"\0GITCRYPT\0",),
    "keepass": (b"\x03\xd9\xa2\x9a\x65\xfb\x4b\xb5", b"\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5"),
    "luks": (b"LUKS\xba\xbe",),
}

COMPRESSED = frozenset(("gzip", "bzip2", "xz", "zstd", "lzma", "lzip", "zlib"))
# So little of a beginning shows nothing yet.
CONFIRMED = frozenset(
    kind
    for kinds in (
        ("lzma", "zlib", "document", "sqlite-wal", "pgp", "arj", "image"),
        ("orc", "parquet", "cpio", "stuffit", "lrzip", "lzfse", "flash", "chm", "pst", "djvu", "rdb"),
    )
    for kind in kinds
)
REASONS: Mapping[str, str] = {kind: reason for kind, (reason, _) in _GAPS.items()}
ENCRYPTED = frozenset(_ENCRYPTED)
TITLES = frozenset(
    (
        *(reason.partition(":")[0] for reason in REASONS.values()),
        "PDF",
        "Avro",
        "Arrow",
        "MATLAB data",
        "SQLite",
        "journal",
    )
)


def _magics() -> Iterator[tuple[bytes, str]]:
    for table in (_OPENED, {kind: magics for kind, (_, magics) in _GAPS.items()}, _ENCRYPTED):
        for kind, magics in table.items():
            for magic in magics:
                yield magic, kind


def _by_two() -> dict[bytes, tuple[tuple[bytes, str], ...]]:
    found: dict[bytes, tuple[tuple[bytes, str], ...]] = {}
    for magic, kind in _magics():
        found[magic[:2]] = (*found.get(magic[:2], ()), (magic, kind))
    return found


# What a file of each kind begins with, by its first two bytes.
MAGICS: Final = _by_two()
