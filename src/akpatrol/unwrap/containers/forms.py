"""The table of container forms, with their magic bytes and how each is handled.

A form that may hold text in other bytes than its own is opened, or it is a gap: a skip with its reason, which makes
the scan incomplete. A file that is encrypted as a whole is counted as excluded: nobody without its key can read it, and
it is where a secret belongs. Pictures, sound, video and fonts hold no text, and are scanned as they are, like anything
that is not listed here.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Form(NamedTuple):
    """A form with its ``magics``: it is opened, a gap for a ``reason``, or encrypted as a whole.

    ``opener`` and ``confirm`` name functions of modules in this package, which are imported when they are needed. The
    opener yields the members (``opening.Opener``). Where the magics alone are not enough, ``confirm`` says whether data
    is of this form. The reasons of its flaws begin with its ``title`` and a colon. A form that is ``compressed`` as a
    whole is not scanned as raw bytes. The members of a ``whole`` form are all of its text: what its raw bytes hold,
    which compression cuts short, counts only where a member cannot be read.
    """

    magics: tuple[bytes, ...] = ()
    opener: str = ""
    confirm: str = ""
    title: str = ""
    reason: str = ""
    compressed: bool = False
    whole: bool = False

    @property
    def is_encrypted(self) -> bool:
        """Whether nobody without its key can read it."""
        return not self.opener and not self.reason


# Opened, or read far enough to say whether they hide anything.
_OPENED: Final[dict[str, Form]] = {
    # PKWARE APPNOTE 4.3.7, 4.3.16; 8.5.3 and 8.5.4 for the marks of archives that are split or might have been.
    "zip": Form((b"PK\3\4", b"PK\5\6", b"PK\7\x08PK\3\4", b"PK00PK\3\4"), "zip.members"),
    "tar": Form(opener="tar.members"),  # recognised by bytes further in
    "gzip": Form((b"\x1f\x8b\x08",), "compressed.members", compressed=True),  # RFC 1952, 2.3.1: only deflate
    "bzip2": Form(
        tuple(
            b"BZh%d" % level + block
            for level in range(1, 10)
            for block in (b"\x31\x41\x59\x26\x53\x59", b"\x17\x72\x45\x38\x50\x90")
        ),
        "compressed.members",
        compressed=True,
    ),
    "xz": Form((b"\xfd7zXZ\0",), "compressed.members", compressed=True),  # The .xz File Format 1.2, 2.1.1.1
    # RFC 8878, 3.1.1 and 3.1.2
    "zstd": Form(
        (b"\x28\xb5\x2f\xfd", *(bytes((0x50 + low, 0x2A, 0x4D, 0x18)) for low in range(16))),
        "compressed.members",
        compressed=True,
    ),
    # Of a usual size of the dictionary, whose lowest byte is zero.
    "lzma": Form((b"\x5d\0\0",), "compressed.members", "compressed.is_lzma", compressed=True),
    "lzip": Form((b"LZIP\1",), "compressed.members", compressed=True),
    # RFC 1950, 2.2
    "zlib": Form(
        (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"),
        "compressed.members",
        "compressed.is_zlib",
        compressed=True,
    ),
    "ar": Form((b"!<arch>\n",), "ar.members"),
    "cpio": Form((b"070701", b"070702", b"070707"), "cpio.members", "cpio.is_cpio", title="cpio archive"),
    "old cpio": Form((b"\xc7\x71", b"\x71\xc7"), "cpio.members", "cpio.is_cpio"),
    "rpm": Form((b"\xed\xab\xee\xdb",), "rpm.members", title="rpm package"),
    "iso": Form(opener="iso.members", title="ISO 9660 image"),  # recognised by bytes further in
    # Opened with the extra ``archives``, else gaps.
    "7z": Form((b"7z\xbc\xaf\x27\x1c",), "by_libarchive.members", title="7z archive"),
    "rar": Form((b"Rar!\x1a\x07",), "by_libarchive.members", title="rar archive"),
    "cab": Form((b"MSCF\0\0\0\0", b"ISc("), "by_libarchive.members", title="cabinet (.cab)"),
    "xar": Form((b"xar!\0",), "by_libarchive.members", title="xar archive"),
    "lz4": Form((b"\x04\x22\x4d\x18", b"\x02\x21\x4c\x18", b"mozLz40\0"), "by_libarchive.members", title="lz4"),
    "compress": Form(
        tuple(b"\x1f\x9d" + bytes((flags | bits,)) for flags in (0, 128) for bits in range(9, 17)),
        "by_libarchive.members",
        "confirm.is_compress",
        title="compress (.Z)",
    ),
    "script": Form((b"#!",), "appended.members", "appended.is_script"),
    # Recognised by what stands behind its end.
    "program": Form(opener="appended.members", title="NSIS installer"),
    "asar": Form((b"\4\0\0\0",), "asar.members", "asar.is_archive", title="asar"),
    "warc": Form((b"WARC/1.0\r\n", b"WARC/1.1\r\n", b"WARC/0.1"), "warc.members", title="WARC"),
    "ole2": Form((b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",), "ole2.members", title="OLE2"),
    "pdf": Form((b"%PDF-", b"\xef\xbb\xbf%PDF-", b"\n%PDF-", b"\r\n%PDF-", b" %PDF-"), "pdf.members", title="PDF"),
    "sqlite": Form((b"SQLite format 3\0",), "sqlite.members", title="SQLite"),
    # SQLite file format, 4.1
    "sqlite-wal": Form((b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83"), "sqlite.log_members", "sqlite.is_log"),
    # Parts of office documents, with a declaration and without; RTF
    "document": Form(
        (
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
        "documents.members",
        "documents.is_document",
    ),
    # The manual pages gitformat-bundle and gitformat-pack: signatures, and versions 2 and 3.
    "git bundle": Form(
        (b"# v2 git bundle\n", b"# v3 git bundle\n"), "git_pack.bundle", title="git bundle", compressed=True
    ),
    "git pack": Form((b"PACK\0\0\0\2", b"PACK\0\0\0\3"), "git_pack.members", title="git pack", compressed=True),
    "rdb": Form((b"REDIS00", b"VALKEY0"), "redis.members", "confirm.is_binary", title="Redis dump (.rdb)", whole=True),
    "pg_dump": Form((b"PGDMP",), "pg_dump.members", title="PostgreSQL's custom dump (pg_dump -Fc)"),
    # Recognised by its last bytes
    "leveldb": Form(opener="leveldb.members", title="LevelDB and RocksDB table", whole=True),
    # Recognised by bytes further in
    "leveldb-log": Form(opener="leveldb_log.members", title="LevelDB log", whole=True),
    "parquet": Form((b"PAR1", b"PARE"), "columns.members", "confirm.is_binary", title="Parquet", whole=True),
    "orc": Form((b"ORC",), "columns.members", "confirm.is_binary", title="ORC", whole=True),
    "avro": Form((b"Obj\1",), "avro.members", title="Avro", whole=True),
    "arrow": Form((b"ARROW1\0\0",), "columns.members", title="Arrow", whole=True),
    "journal": Form((b"LPKSHHRH",), "systemd_journal.members", title="journal", whole=True),
    "matlab": Form((b"MATLAB 5.0 MAT-file", b"MATLAB 7.0 MAT-file"), "compressed_tables.matlab", title="MATLAB data"),
}

# Forms that make a scan incomplete, and why: the words before the colon name the form.
_GAPS: Final[dict[str, Form]] = {
    # Archives and packages
    "arj": Form(reason="arj archive: it is not opened", magics=(b"\x60\xea",), confirm="confirm.is_arj"),
    "zpaq": Form(
        reason="zpaq archive: it is not opened",
        magics=(b"7kSt\xa0\x31\x83\xd3\x8c\xb2\x28\xb0\xd3", b"zPQ\1", b"zPQ\2"),
    ),
    "stuffit": Form(
        reason="StuffIt archive: it is not opened", magics=(b"StuffIt (c)", b"SIT!"), confirm="confirm.is_binary"
    ),
    "pack200": Form(reason="pack200: it is not expanded", magics=(b"\xca\xfe\xd0\x0d",)),
    # Streams
    "snappy": Form(reason="snappy: it is not expanded", magics=(b"\xff\x06\0\0sNaPpY",)),
    "lzo": Form(reason="lzop: it is not expanded", magics=(b"\x89LZO\0\x0d\x0a\x1a\x0a",)),
    "lrzip": Form(reason="lrzip: it is not expanded", magics=(b"LRZI\0",), confirm="confirm.is_binary"),
    "lzfse": Form(
        reason="lzfse: it is not expanded", magics=(b"bvx1", b"bvx2", b"bvxn", b"pbzx"), confirm="confirm.is_binary"
    ),
    "msdos compress": Form(
        reason="SZDD and KWAJ: it is not expanded", magics=(b"SZDD\x88\xf0\x27\x33", b"KWAJ\x88\xf0\x27\xd1")
    ),
    "prefetch": Form(reason="Windows prefetch: it is not expanded", magics=(b"MAM\x04",)),
    # Images of disks: contiguous uncompressed text in them is found, compressed or scattered text is not
    "image": Form(
        reason="disk image: its files are not opened",
        magics=(
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
        confirm="confirm.is_image",
    ),
    # Documents and mail
    "chm": Form(
        reason="compiled help (.chm): it is not opened", magics=(b"ITSF\3\0\0\0",), confirm="confirm.is_binary"
    ),
    "djvu": Form(reason="DjVu: it is not opened", magics=(b"AT&TFORM",), confirm="confirm.is_binary"),
    "pst": Form(reason="Outlook's mail (.pst): it is not opened", magics=(b"!BDN",), confirm="confirm.is_binary"),
    "tnef": Form(reason="TNEF (winmail.dat): it is not opened", magics=(b"\x78\x9f\x3e\x22",)),
    "flash": Form(reason="compressed Flash: it is not opened", magics=(b"CWS", b"ZWS"), confirm="confirm.is_binary"),
    # Databases and tables
    "wiredtiger": Form(reason="WiredTiger (MongoDB): its blocks are not expanded", magics=(b"\x41\xd8\x01\0",)),
    "access": Form(
        reason="Access database: it is not opened", magics=(b"\0\1\0\0Standard Jet DB\0", b"\0\1\0\0Standard ACE DB\0")
    ),
    "hdf5": Form(reason="HDF5: its chunks are not expanded", magics=(b"\x89HDF\x0d\x0a\x1a\x0a",)),
    # Recognised by their last bytes
    "dmg": Form(reason="Apple disk image (.dmg): it is not opened", magics=()),
    "pyinstaller": Form(reason="PyInstaller program: its archive is not opened", magics=()),
}

# Encrypted as a whole.
_ENCRYPTED: Final[dict[str, Form]] = {
    # RFC 9580, 5.1 and 5.3: a session key for somebody, or for a password; 6.2 for the armour.
    "pgp": Form(
        (
            *(bytes((0x85, high)) for high in range(1, 5)),
            b"\x84\x5e\3",
            b"\x8c\x0d\4",
            b"\x8c\x2e\4",
            b"-----BEGIN PGP MESSAGE-----",
        ),
        confirm="confirm.is_pgp",
    ),
    "age": Form((b"age-encryption.org/v1", b"-----BEGIN AGE ENCRYPTED FILE-----")),
    "ansible vault": Form((b"$ANSIBLE_VAULT;",)),
    "openssl": Form((b"Salted__", b"U2FsdGVkX1")),
    "git-crypt": Form((b"\0GITCRYPT\0",)),
    "keepass": Form((b"\x03\xd9\xa2\x9a\x65\xfb\x4b\xb5", b"\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5")),
    "luks": Form((b"LUKS\xba\xbe",)),
}

FORMS: Final = {**_OPENED, **_GAPS, **_ENCRYPTED}
COMPRESSED = frozenset(kind for kind, form in FORMS.items() if form.compressed)
WHOLE = frozenset(kind for kind, form in FORMS.items() if form.whole)
ENCRYPTED = frozenset(kind for kind, form in FORMS.items() if form.is_encrypted)
TITLES = frozenset(form.title or form.reason.partition(":")[0] for form in FORMS.values() if form.title or form.reason)


def _by_two() -> dict[bytes, tuple[tuple[bytes, str], ...]]:
    by_prefix: dict[bytes, tuple[tuple[bytes, str], ...]] = {}
    for kind, form in FORMS.items():
        for magic in form.magics:
            by_prefix[magic[:2]] = (*by_prefix.get(magic[:2], ()), (magic, kind))
    return by_prefix


# The magic bytes of each kind, by their first two bytes.
MAGICS: Final = _by_two()
