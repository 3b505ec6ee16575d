"""Archives, packages, images of disks, streams, and git in files."""

from __future__ import annotations

import bz2
import gzip
import lzma
import shutil
import tarfile
import zipfile
import zlib
from typing import TYPE_CHECKING

from bench.forms.writers import form, library, line, run, tree

if TYPE_CHECKING:
    from pathlib import Path


def _bsdtar(directory: Path, secret: str, name: str, *options: str) -> None:
    top = tree(directory, secret)
    run("bsdtar", *options, "-cf", directory / name, "-C", top, "conf", "readme.txt")
    shutil.rmtree(top)


@form("zip, deflated", "conf/settings.py")
def zip_(directory: Path, secret: str) -> None:
    with zipfile.ZipFile(directory / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("conf/settings.py", line(secret))


@form("tar.gz", "conf/settings.py")
def tar_gz(directory: Path, secret: str) -> None:
    top = tree(directory, secret)
    with tarfile.open(directory / "a.tar.gz", "w:gz") as archive:
        archive.add(top, ".")
    shutil.rmtree(top)


@form("tar.zst", "conf/settings.py")
def tar_zst(directory: Path, secret: str) -> None:
    _bsdtar(directory, secret, "a.tar.zst", "--zstd")


@form("7z", "settings.py")
def seven_zip(directory: Path, secret: str) -> None:
    top = tree(directory, secret)
    run("7z", "a", directory / "a.7z", ".", cwd=top)
    shutil.rmtree(top)


@form("7z in a program that extracts itself", "settings.py")
def self_extracting(directory: Path, secret: str) -> None:
    top = tree(directory, secret)
    run("7z", "a", "-sfx", directory / "setup.exe", ".", cwd=top)
    shutil.rmtree(top)


@form("tar.gz in a script that extracts itself", "settings.py")
def self_extracting_script(directory: Path, secret: str) -> None:
    tar_gz(directory, secret)
    archive = directory / "a.tar.gz"
    script = b'#!/bin/sh\nsed -e "1,/^EXIT$/d" "$0" | tar xz\nexit\nEXIT\n'
    (directory / "setup.sh").write_bytes(script + archive.read_bytes())
    archive.unlink()


@form("cpio, newc", "settings.py")
def cpio(directory: Path, secret: str) -> None:
    _bsdtar(directory, secret, "a.cpio", "--format=newc")


@form("cpio in gzip (initramfs)", "settings.py")
def initramfs(directory: Path, secret: str) -> None:
    _bsdtar(directory, secret, "initrd.img", "--format=newc", "--gzip")


@form("xar", "settings.py")
def xar(directory: Path, secret: str) -> None:
    _bsdtar(directory, secret, "a.xar", "--format=xar")


@form("ISO 9660 with Rock Ridge", "settings.py")
def iso(directory: Path, secret: str) -> None:
    top = tree(directory, secret)
    run("genisoimage", "-quiet", "-R", "-J", "-o", directory / "a.iso", top)
    shutil.rmtree(top)


@form("ISO 9660, a compressed member", "gzip")
def iso_gz(directory: Path, secret: str) -> None:
    top = tree(directory, secret)
    (top / "conf/settings.py.gz").write_bytes(gzip.compress(line(secret).encode() * 9))
    (top / "conf/settings.py").unlink()
    run("genisoimage", "-quiet", "-R", "-o", directory / "a.iso", top)
    shutil.rmtree(top)


@form("ISO 9660, members compressed by zisofs", "settings.py")
def zisofs(directory: Path, secret: str) -> None:
    top = tree(directory, secret)
    run("mkzftree", top, directory / "packed")
    run("genisoimage", "-quiet", "-R", "-z", "-o", directory / "a.iso", directory / "packed")
    shutil.rmtree(top)
    shutil.rmtree(directory / "packed")


@form("ar", "settings.py")
def ar(directory: Path, secret: str) -> None:
    (directory / "settings.py").write_text(line(secret))
    run("ar", "rc", directory / "lib.a", directory / "settings.py")
    (directory / "settings.py").unlink()


@form("deb", "settings.py")
def deb(directory: Path, secret: str) -> None:
    top = tree(directory, secret)
    (top / "DEBIAN").mkdir()
    fields = {"Package": "a", "Version": "1", "Architecture": "all", "Maintainer": "a <a@example.com>"}
    fields["Description"] = "a"
    (top / "DEBIAN/control").write_text("".join(f"{key}: {value}\n" for key, value in fields.items()))
    run("dpkg-deb", "--build", top, directory / "a.deb")
    shutil.rmtree(top)


@form("rpm", "settings.py")
def rpm(directory: Path, secret: str) -> None:
    top = tree(directory, secret)
    spec = directory / "a.spec"
    spec.write_text(
        "Name: a\nVersion: 1\nRelease: 1\nSummary: a\nLicense: MIT\nBuildArch: noarch\n%description\na\n"
        f"%install\nmkdir -p %{{buildroot}}/etc\ncp {top}/conf/settings.py %{{buildroot}}/etc/\n"
        "%files\n/etc/settings.py\n"
    )
    run("rpmbuild", "-bb", "--define", f"_topdir {directory}/rpm", spec)
    (built,) = (directory / "rpm/RPMS/noarch").glob("*.rpm")
    shutil.copy(built, directory / "a.rpm")
    for leftover in (top, directory / "rpm"):
        shutil.rmtree(leftover)
    spec.unlink()


@form("lzma", "lzma")
def lzma_alone(directory: Path, secret: str) -> None:
    (directory / "a.lzma").write_bytes(lzma.compress(line(secret).encode() * 9, lzma.FORMAT_ALONE))


@form("xz", "xz")
def xz(directory: Path, secret: str) -> None:
    (directory / "a.xz").write_bytes(lzma.compress(line(secret).encode() * 9))


@form("bzip2", "bzip2")
def bzip2(directory: Path, secret: str) -> None:
    (directory / "a.bz2").write_bytes(bz2.compress(line(secret).encode() * 9))


@form("raw zlib", "zlib")
def raw_zlib(directory: Path, secret: str) -> None:
    (directory / "a.bin").write_bytes(zlib.compress(line(secret).encode() * 9))


@form("compress (.Z)", "")
def compress(directory: Path, secret: str) -> None:
    (directory / "a").write_text(line(secret) * 9)
    run("compress", "-f", directory / "a")


@form("lz4", "")
def lz4(directory: Path, secret: str) -> None:
    (directory / "a.lz4").write_bytes(library("lz4.frame").compress(line(secret).encode() * 9))


@form("docker save, a layer", "settings.py")
def layer(directory: Path, secret: str) -> None:
    top = tree(directory, secret)
    with tarfile.open(directory / "layer.tar", "w") as archive:
        archive.add(top, ".")
    with tarfile.open(directory / "image.tar", "w") as archive:
        archive.add(directory / "layer.tar", "0123456789ab/layer.tar")
    shutil.rmtree(top)
    (directory / "layer.tar").unlink()


def repository(directory: Path, secret: str) -> Path:
    top = tree(directory, secret)
    run("git", "init", "-q", top)
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    run("git", "-C", top, "add", ".")
    run("git", "-C", top, *identity, "commit", "-qm", "Add")
    run("git", "-C", top, "rm", "-q", "conf/settings.py")
    run("git", "-C", top, *identity, "commit", "-qm", "Remove")
    return top


@form("git bundle", "settings.py")
def bundle(directory: Path, secret: str) -> None:
    top = repository(directory, secret)
    run("git", "-C", top, "bundle", "create", directory / "a.bundle", "--all")
    shutil.rmtree(top)


@form("git pack", "settings.py")
def pack(directory: Path, secret: str) -> None:
    top = repository(directory, secret)
    run("git", "-C", top, "gc", "-q")
    (built,) = (top / ".git/objects/pack").glob("*.pack")
    shutil.copy(built, directory)
    shutil.rmtree(top)


@form(".git in a tar.gz, packed", "settings.py")
def git_in_tar(directory: Path, secret: str) -> None:
    top = repository(directory, secret)
    run("git", "-C", top, "gc", "-q")
    run("tar", "czf", directory / "backup.tar.gz", "-C", top, ".")
    shutil.rmtree(top)


@form(".git in a zip, loose", "")
def git_in_zip(directory: Path, secret: str) -> None:
    top = repository(directory, secret)
    shutil.make_archive(str(directory / "backup"), "zip", top)
    shutil.rmtree(top)


@form("GitLab project export", "settings.py")
def gitlab_export(directory: Path, secret: str) -> None:
    top = repository(directory, secret)
    run("git", "-C", top, "bundle", "create", directory / "project.bundle", "--all")
    run("tar", "czf", directory / "export.tar.gz", "-C", directory, "project.bundle")
    (directory / "project.bundle").unlink()
    shutil.rmtree(top)
