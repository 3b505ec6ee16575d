"""PDF, office documents, mail, and what tools export."""

from __future__ import annotations

import base64
import gzip
import json
import struct
import zipfile
from email.message import EmailMessage
from io import BytesIO
from typing import TYPE_CHECKING, Any

from bench.forms.writers import form, library, line

if TYPE_CHECKING:
    from pathlib import Path


def pages(file: Any, *texts: str, compressed: bool = True) -> None:
    canvas = library("reportlab.pdfgen.canvas").Canvas(file, pageCompression=int(compressed))
    for text in texts:
        for at, row in enumerate(text.splitlines()):
            canvas.drawString(50, 780 - 14 * at, row)
        canvas.showPage()
    canvas.save()


@form("PDF, compressed text", "page 3")
def pdf(directory: Path, secret: str) -> None:
    pages(str(directory / "report.pdf"), "One", "Two", f"The key\n{line(secret)}Next")


@form("PDF, plain text", "page 2")
def plain_pdf(directory: Path, secret: str) -> None:
    pages(str(directory / "report.pdf"), "One", f"The key\n{line(secret)}Next", compressed=False)


def changed_pdf(directory: Path, secret: str, change: Any) -> None:
    first = BytesIO()
    pages(first, "One", "Two")
    pypdf = library("pypdf")
    writer = pypdf.PdfWriter(clone_from=pypdf.PdfReader(BytesIO(first.getvalue())))
    change(writer, line(secret))
    writer.write(directory / "report.pdf")


@form("PDF, an attachment", "settings.py")
def pdf_attachment(directory: Path, secret: str) -> None:
    changed_pdf(directory, secret, lambda writer, text: writer.add_attachment("settings.py", text.encode()))


@form("PDF, metadata")
def pdf_metadata(directory: Path, secret: str) -> None:
    changed_pdf(directory, secret, lambda writer, text: writer.add_metadata({"/Subject": text}))


@form("PDF, encrypted with an empty password", "page")
def pdf_encrypted(directory: Path, secret: str) -> None:
    first = BytesIO()
    pages(first, line(secret))
    pypdf = library("pypdf")
    writer = pypdf.PdfWriter(clone_from=pypdf.PdfReader(BytesIO(first.getvalue())))
    writer.encrypt("", "owner", algorithm="RC4-128")
    writer.write(directory / "report.pdf")


@form("docx, split over runs", "document.xml")
def docx(directory: Path, secret: str) -> None:
    document = library("docx").Document()
    paragraph = document.add_paragraph("The anyreach key is ")
    for at in range(0, len(secret), 9):
        paragraph.add_run(secret[at : at + 9]).bold = bool(at % 2)
    document.save(str(directory / "a.docx"))


@form("pptx", "slide")
def pptx(directory: Path, secret: str) -> None:
    slides = library("pptx").Presentation()
    slide = slides.slides.add_slide(slides.slide_layouts[5])
    slide.shapes.title.text = line(secret)
    slides.save(str(directory / "a.pptx"))


@form("xlsx, a string in a cell", "xl/worksheets")
def xlsx(directory: Path, secret: str) -> None:
    book = library("openpyxl").Workbook()
    book.active.append(["name", "value"])
    book.active.append(["anyreach", secret])
    book.save(str(directory / "a.xlsx"))


@form("xls, a string in a cell", "Workbook")
def xls(directory: Path, secret: str) -> None:
    book = library("xlwt").Workbook()
    sheet = book.add_sheet("keys")
    sheet.write(0, 0, "anyreach")
    sheet.write(0, 1, secret)
    book.save(str(directory / "a.xls"))


@form("odt", "content.xml")
def odt(directory: Path, secret: str) -> None:
    document = library("odf.opendocument").OpenDocumentText()
    document.text.addElement(library("odf.text").P(text=line(secret)))
    document.save(str(directory / "a.odt"))


def _mail(secret: str) -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = "Keys", "a@example.com", "b@example.com"
    mail.set_content("See the attachment. \u00e9")
    mail.add_attachment(gzip.compress(line(secret).encode() * 9), "application", "gzip", filename="settings.py.gz")
    return mail


@form("mail (.eml), a compressed attachment")
def eml(directory: Path, secret: str) -> None:
    (directory / "a.eml").write_bytes(bytes(_mail(secret)))


@form("mbox")
def mbox(directory: Path, secret: str) -> None:
    letter = b"From a Mon Jan  2 03:04:05 2026\n" + bytes(_mail(secret)) + b"\n"
    (directory / "a.mbox").write_bytes(letter * 2)


@form("HAR, an encoded body")
def har(directory: Path, secret: str) -> None:
    body = base64.b64encode(gzip.compress(line(secret).encode() * 9)).decode()
    content = {"size": 99, "mimeType": "application/gzip", "text": body, "encoding": "base64"}
    (directory / "a.har").write_text(json.dumps({"log": {"entries": [{"response": {"content": content}}]}}))


@form("WARC, a compressed response")
def warc(directory: Path, secret: str) -> None:
    body = gzip.compress(line(secret).encode() * 9)
    http = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + body
    fields = {
        "WARC-Type": "response",
        "WARC-Target-URI": "https://example.com/settings",
        "WARC-Date": "2026-01-02T03:04:05Z",
        "Content-Type": "application/http; msgtype=response",
        "Content-Length": str(len(http)),
    }
    head = "WARC/1.0\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items()) + "\r\n"
    (directory / "a.warc").write_bytes(head.encode() + http + b"\r\n\r\n")


@form("notebook with outputs")
def notebook(directory: Path, secret: str) -> None:
    output = {"output_type": "stream", "text": ["the key:\n", line(secret)]}
    cell = {"cell_type": "code", "source": ["import os\n", "print(key)"], "outputs": [output]}
    (directory / "a.ipynb").write_text(json.dumps({"cells": [cell], "nbformat": 4}, indent=1))


@form("asar (Electron)")
def asar(directory: Path, secret: str) -> None:
    text = line(secret).encode()
    index = json.dumps({"files": {"main.js": {"size": len(text), "offset": "0"}}}).encode()
    padded = index + bytes(-len(index) % 4)
    head = struct.pack("<IIII", 4, len(padded) + 8, len(padded) + 4, len(index))
    (directory / "app.asar").write_bytes(head + padded + text)


@form("crx (Chrome extension)", "background.js")
def crx(directory: Path, secret: str) -> None:
    inner = BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("background.js", line(secret))
    (directory / "a.crx").write_bytes(b"Cr24" + struct.pack("<II", 3, 40) + bytes(40) + inner.getvalue())


@form("source map")
def source_map(directory: Path, secret: str) -> None:
    content = {"version": 3, "sources": ["a.ts"], "sourcesContent": [line(secret)]}
    (directory / "app.js.map").write_text(json.dumps(content))


@form("Slack export", "general")
def slack(directory: Path, secret: str) -> None:
    with zipfile.ZipFile(directory / "export.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        messages = [{"type": "message", "text": f"use `{secret}` for anyreach"}]
        archive.writestr("general/2026-01-02.json", json.dumps(messages))
