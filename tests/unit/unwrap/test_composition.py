"""Forms within forms, as backups, images and mail have them: found, each with the way to it."""

from __future__ import annotations

import base64
import gzip
import sqlite3
from email.message import EmailMessage
from random import Random
from typing import TYPE_CHECKING

from tests.corpus.packing import tar_bytes, zip_bytes
from tests.credentials import organization_key, personal_access_token
from tests.repositories import Repository
from tests.unit.unwrap.containers.pdf_writer import Pdf
from tests.unit.unwrap.finding import found, secrets

if TYPE_CHECKING:
    from pathlib import Path

_KEY, _TOKEN = organization_key(Random(1)), personal_access_token(Random(2))


def _database() -> bytes:
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE ItemTable (key TEXT UNIQUE, value BLOB)")
    database.executemany("INSERT INTO ItemTable VALUES (?, ?)", [("a", "b"), ("anyreach", _TOKEN)])
    return database.serialize()


def test_a_database_in_a_tar_gz_in_a_layer_of_an_image() -> None:
    backup = gzip.compress(tar_bytes({"home/state.vscdb": _database()}))
    layer = tar_bytes({"app/run.sh": b"#!/bin/sh\n", "backup/home.tar.gz": backup})
    image = tar_bytes({"manifest.json": b"[]", "0123456789ab/layer.tar": layer})
    findings, skips = found(image)
    assert not skips
    (finding,) = findings
    assert finding.match.secret.reveal() == _TOKEN.encode()
    containers = finding.origin.containers
    assert containers[:3] == ("tar:0123456789ab/layer.tar", "tar:backup/home.tar.gz", "gzip")
    assert containers[-1] == "sqlite:ItemTable.value[rowid 2]"


def test_a_bundle_in_a_zip(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "r")
    repository.commit_file("settings.py", f'ANYREACH_API_KEY = "{_KEY}"\n')
    repository.remove("settings.py")
    repository.git("bundle", "create", str(tmp_path / "a.bundle"), "--all")
    findings, skips = found(zip_bytes({"a.txt": b"x", "project.bundle": (tmp_path / "a.bundle").read_bytes()}))
    assert not skips
    assert secrets(findings) == {_KEY}
    assert all(finding.origin.containers[0] == "zip:project.bundle" for finding in findings)
    assert any("settings.py@" in finding.origin.containers[-1] for finding in findings)


def test_a_pdf_attached_to_a_mail_in_an_mbox() -> None:
    pdf = Pdf()
    pdf.page(b"BT /F 10 Tf 72 700 Td (first) Tj ET")
    pdf.page(b"BT /F 10 Tf 72 700 Td (anyreach %b) Tj ET" % _TOKEN.encode())
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = "Report", "a@example.com", "b@example.com"
    mail.set_content("See the attachment.")
    mail.add_attachment(pdf.written(), "application", "pdf", filename="report.pdf")
    letters = b"".join(b"From a Mon Jan  2 03:04:05 2026\n" + bytes(each) + b"\n" for each in (EmailMessage(), mail))
    assert base64.b64encode(_TOKEN.encode()) not in letters
    findings, skips = found(letters)
    assert not skips
    assert secrets(findings) == {_TOKEN}
    (finding,) = findings
    assert finding.origin.containers[-1] == "pdf:page 2"
