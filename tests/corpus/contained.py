"""Credentials in every container, alone and one in another."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import lzma
import tarfile
import zipfile
from functools import partial
from typing import TYPE_CHECKING

from akpatrol.model.scan import Secret
from tests.corpus import foreign, packing, spellings
from tests.corpus.artifact import Artifact, Case, Planted, case, raw
from tests.corpus.text import log, prose

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

    Build = Callable[[Random, str], Case]
    Form = Callable[[Artifact], Artifact]


def _env(rng: Random, secret: str) -> Artifact:
    return raw(secret).amid(f"# {prose(rng, 5)}DEBUG=0\nKEY='".encode(), b"'\nPORT=80\n")


def _packed(file: str, *forms: Form) -> Build:
    """Pack an ``.env`` in one form after another, the innermost first."""

    def build(rng: Random, secret: str) -> Case:
        found = _env(rng, secret)
        for form in forms:
            found = form(found)
        return case(file, secret, found)

    return build


def _zip(method: int) -> Build:
    return _packed("a.zip", partial(packing.zipped, name="conf/.env", others={"a/b.txt": b"x"}, method=method))


def _document(file: str, name: str, before: str, after: str, others: Mapping[str, bytes]) -> Build:
    """Plant it in the part ``name`` of an office document or a package."""

    def build(rng: Random, secret: str) -> Case:
        part = raw(secret).amid(f"{before}{prose(rng, 12)}<t>".encode(), f"</t>{after}\n".encode())
        return case(file, secret, packing.zipped(part, name, others))

    return build


def _self_extracting(rng: Random, secret: str) -> Case:
    plain = _env(rng, secret)
    stream = io.BytesIO()
    stream.write(b"\x7fELF" + rng.randbytes(9000))
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("license.txt", prose(rng))
        archive.writestr(".env", plain.data)
    found = plain.packed("zip:.env", stream.getvalue())
    return case("setup.bin", secret, found)


def _wheel(rng: Random, secret: str) -> Case:
    module = raw(secret).amid(f'"""{prose(rng, 9)}"""\n\nTOKEN = "'.encode(), b'"\n')
    others = {
        "agents-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: agents\nVersion: 1.0\n",
        "agents-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nTag: py3-none-any\n",
        "agents-1.0.dist-info/RECORD": b"agents/__init__.py,sha256=,\n",
    }
    return case("agents-1.0-py3-none-any.whl", secret, packing.zipped(module, "agents/client.py", others))


def _several_streams(rng: Random, secret: str) -> Case:
    """The credential spans the end of a gzip's first stream."""
    plain = _env(rng, secret)
    cut = plain.at + 9
    data = gzip.compress(plain.data[:cut], mtime=0) + gzip.compress(plain.data[cut:], mtime=0)
    return case("cut.gz", secret, plain.packed("gzip", data))


def _padded_xz(rng: Random, secret: str) -> Case:
    """There is padding between two streams, as xz allows."""
    plain = _env(rng, secret)
    data = lzma.compress(plain.data[: plain.at]) + bytes(8) + lzma.compress(plain.data[plain.at :])
    return case("padded.xz", secret, plain.packed("xz", data))


def _long_names(layout: int) -> Build:
    name = "/".join(["deep" * 20] * 4) + "/.env"
    return _packed("names.tar", partial(packing.tarred, name=name, others={"a": b"x"}, layout=layout))


def _rotated(compress: Callable[[Artifact], Artifact], file: str) -> Build:
    def build(rng: Random, secret: str) -> Case:
        lines = raw(secret).amid(f"{log(rng)}Authorization: Bearer ".encode(), f"\n{log(rng)}".encode())
        return case(file, secret, compress(lines))

    return build


def _logs_in_tar(rng: Random, secret: str) -> Case:
    lines = raw(secret).amid(f"{log(rng)}Authorization: Bearer ".encode(), f"\n{log(rng)}".encode())
    member = packing.tarred(packing.gzipped(lines, "app.log"), "var/log/app.log.2.gz", {"var/log/app.log": b"x\n"})
    return case("logs.tar.bz2", secret, packing.bzipped(member))


def _docker_save(rng: Random, secret: str) -> Case:
    """What ``docker save`` wrote before it wrote OCI layouts."""
    layer = packing.tarred(_env(rng, secret), "app/.env", {"app/run.sh": b"#!/bin/sh\n"})
    name = f"{hashlib.sha256(layer.data).hexdigest()}/layer.tar"
    image = {"architecture": "amd64", "config": {"Env": ["PATH=/bin"]}, "history": [{"created_by": "COPY . /app"}]}
    manifest = [{"Config": "image.json", "RepoTags": ["agents:latest"], "Layers": [name]}]
    others = {"image.json": json.dumps(image).encode(), "manifest.json": json.dumps(manifest).encode()}
    return case("image.tar", secret, packing.tarred(layer, name, others, tarfile.USTAR_FORMAT))


def _oci(rng: Random, secret: str) -> Case:
    """A credential in a layer, and another one in the image's own environment."""
    layer = packing.gzipped(packing.tarred(_env(rng, secret), "app/.env"))
    name = f"blobs/sha256/{hashlib.sha256(layer.data).hexdigest()}"
    config = json.dumps({"config": {"Env": ["PATH=/usr/bin:/bin"]}, "rootfs": {"type": "layers"}}).encode()
    config_name = f"blobs/sha256/{hashlib.sha256(config).hexdigest()}"
    index = json.dumps({"schemaVersion": 2, "manifests": [{"digest": f"sha256:{name[-64:]}"}]}).encode()
    others = {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}', "index.json": index, config_name: config}
    return case("oci.tar", secret, packing.tarred(layer, name, others))


def _name(rng: Random, secret: str) -> Case:
    """A member's name holds it."""
    data = packing.zip_bytes({"a.txt": prose(rng).encode(), f"backup {secret}.txt": b"x"})
    shown = f"zip:backup {Secret(secret.encode()).redacted}.txt"
    return Case("named.zip", data, (Planted(secret, None, None, (), (shown,)),))


def _encoded(*forms: Form) -> Build:
    """Pack it in forms of both kinds; what is encoded stands in a text."""

    def build(rng: Random, secret: str) -> Case:
        found = _env(rng, secret)
        for form in forms:
            found = form(found)
        return case("mixed.txt", secret, found.amid(f"{prose(rng)}file: ".encode(), b"\nend\n"))

    return build


_STORED = partial(packing.zipped, name="app/.env", method=zipfile.ZIP_STORED)
_IN_ZIP = partial(packing.zipped, name="secrets/.env")

CONTAINED: dict[str, Build] = {
    "zip_stored": _zip(zipfile.ZIP_STORED),
    "zip_deflated": _zip(zipfile.ZIP_DEFLATED),
    "zip_bzip2": _zip(zipfile.ZIP_BZIP2),
    "zip_lzma": _zip(zipfile.ZIP_LZMA),
    "wheel": _wheel,
    "jar": _packed(
        "app.jar",
        partial(
            packing.zipped, name="application.properties", others={"META-INF/MANIFEST.MF": b"Manifest-Version: 1.0\n"}
        ),
    ),
    "docx": _document(
        "letter.docx", "word/document.xml", "<w:document>", "</w:document>", {"[Content_Types].xml": b"<Types/>"}
    ),
    "xlsx": _document("table.xlsx", "xl/sharedStrings.xml", "<sst>", "</sst>", {"xl/workbook.xml": b"<workbook/>"}),
    "apk": _document(
        "app.apk",
        "res/values.xml",
        "<resources>",
        "</resources>",
        {"classes.dex": b"dex\n035\0", "META-INF/A.RSA": b"\0"},
    ),
    "self_extracting": _self_extracting,
    "tar_ustar": _packed("a.tar", partial(packing.tarred, name="b/.env", layout=tarfile.USTAR_FORMAT)),
    "tar_gnu": _long_names(tarfile.GNU_FORMAT),
    "tar_pax": _long_names(tarfile.PAX_FORMAT),
    "gzip": _packed("a.gz", packing.gzipped),
    "gzip_named": _packed("b.gz", partial(packing.gzipped, name="prod.env")),
    "gzip_streams": _several_streams,
    "bzip2": _packed("a.bz2", packing.bzipped),
    "xz": _packed("a.xz", packing.xzipped),
    "xz_padded": _padded_xz,
    "zstd": _packed("a.zst", packing.zstandard),
    "rotated_gz": _rotated(partial(packing.gzipped, name="app.log.1"), "app.log.1.gz"),
    "rotated_xz": _rotated(packing.xzipped, "app.log.2.xz"),
    "env_in_zip_in_tar_gz": _packed(
        "backup.tar.gz", _IN_ZIP, partial(packing.tarred, name="srv/secrets.zip"), packing.gzipped
    ),
    "docker_save": _docker_save,
    "oci_layout": _oci,
    "logs_in_tar_bz2": _logs_in_tar,
    "cpio_newc": _packed("a.cpio", partial(packing.in_cpio, name="etc/.env", others={"etc/motd": b"x\n"})),
    "cpio_odc": _packed("b.cpio", partial(packing.in_cpio, name="etc/.env", layout="odc")),
    "cpio_old": _packed("c.cpio", partial(packing.in_cpio, name="etc/.env", layout="bin")),
    "cpio_gz": _packed("initrd.img", partial(packing.in_cpio, name="conf/.env"), packing.gzipped),
    "rpm": _packed("example.rpm", partial(packing.in_cpio, name="./etc/.env"), packing.zstandard, packing.in_rpm),
    "iso_rock_ridge": _packed("a.iso", partial(packing.in_iso, name="srv/app/.env", others={"readme.txt": b"x"})),
    "iso_joliet": _packed("b.iso", partial(packing.in_iso, name="srv/app/.env", names="joliet")),
    "iso_in_tar_xz": _packed(
        "c.tar.xz", partial(packing.in_iso, name="a.env"), partial(packing.tarred, name="disc.iso"), packing.xzipped
    ),
    "zip_in_zip_in_zip": _packed(
        "c.zip",
        _STORED,
        partial(packing.zipped, name="b.zip", method=zipfile.ZIP_STORED),
        partial(packing.zipped, name="a.zip", method=zipfile.ZIP_STORED),
    ),
    "member_name": _name,
    "tar_zst": _packed("a.tar.zst", partial(packing.tarred, name=".env"), packing.zstandard),
    "base64_of_gzip": _encoded(packing.gzipped, spellings.base64),
    "base64_of_zip": _encoded(_IN_ZIP, spellings.base64),
    "base64_of_stored_zip": _encoded(_STORED, spellings.base64),
    "base64_of_xz": _encoded(packing.xzipped, spellings.base64),
    "base64_of_bzip2": _encoded(packing.bzipped, spellings.base64),
    "base64_of_zstd": _encoded(packing.zstandard, spellings.base64),
    "base64_lines_of_gzip": _encoded(packing.gzipped, partial(spellings.base64, width=76)),
    "hex_of_gzip": _encoded(packing.gzipped, spellings.hexadecimal),
    "gzip_of_base64": _packed("d.gz", spellings.base64, packing.gzipped),
    "zip_of_utf_16": _packed(
        "e.zip", partial(spellings.wide, codec="utf-16-le", mark=True), partial(packing.zipped, name="export.csv")
    ),
}

# Those that take libarchive: without it, they are skips.
BY_LIBARCHIVE: dict[str, Build] = {
    "rar": _packed("a.rar", partial(foreign.packed, kind="rar", name="conf/.env")),
    "cab": _packed("a.cab", partial(foreign.packed, kind="cab", name="conf/.env")),
    "7z": _packed("a.7z", partial(foreign.packed, kind="7z", name="conf/.env")),
}
