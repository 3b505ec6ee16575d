"""Further places within documents, exports of tools, and forms within forms."""

from __future__ import annotations

import base64
import io
import json
import shutil
import tarfile
import zipfile
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

from bench.forms.archives import bundle, repository
from bench.forms.data import sqlite
from bench.forms.documents import changed_pdf, pages
from bench.forms.writers import form, library, line, run

if TYPE_CHECKING:
    from pathlib import Path

_WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


@form("PDF, a form's field", "annotations")
def pdf_field(directory: Path, secret: str) -> None:
    canvas = library("reportlab.pdfgen.canvas").Canvas(str(directory / "form.pdf"))
    canvas.acroForm.textfield(name="key", value=secret, width=400, height=20, maxlen=200)
    canvas.showPage()
    canvas.save()


@form("PDF, a form's data (XFA)")
def pdf_xfa(directory: Path, secret: str) -> None:
    def change(writer: Any, text: str) -> None:
        objects = library("pypdf.generic")
        stream = objects.StreamObject()
        stream.set_data(f"<xdp:xdp><xfa:data><key>{text}</key></xfa:data></xdp:xdp>".encode())
        parts = objects.ArrayObject(
            [objects.TextStringObject("datasets"), writer._add_object(stream.flate_encode())]  # noqa: SLF001
        )
        forms = objects.DictionaryObject({objects.NameObject("/XFA"): parts})
        writer.root_object[objects.NameObject("/AcroForm")] = forms

    changed_pdf(directory, secret, change)


@form("PDF, an annotation", "annotations")
def pdf_annotation(directory: Path, secret: str) -> None:
    def change(writer: Any, text: str) -> None:
        writer.add_annotation(0, library("pypdf.annotations").Text(text=text, rect=(50, 550, 200, 650)))

    changed_pdf(directory, secret, change)


@form("docx, a comment", "comments")
def docx_comment(directory: Path, secret: str) -> None:
    document = library("docx").Document()
    paragraph = document.add_paragraph("See the comment.")
    document.add_comment(paragraph.runs, text=f"The anyreach key is {secret}")
    document.save(str(directory / "a.docx"))


@form("docx, a deleted revision", "document.xml")
def docx_deleted(directory: Path, secret: str) -> None:
    document = library("docx").Document()
    runs = "".join(f"<w:r><w:delText>{part}</w:delText></w:r>" for part in (secret[:9], secret[9:]))
    deleted = library("docx.oxml").parse_xml(f'<w:del {_WORD} w:id="1" w:author="a">{runs}</w:del>')
    document.add_paragraph("The anyreach key: ")._p.append(deleted)  # noqa: SLF001
    document.save(str(directory / "a.docx"))


@form("pptx, notes", "notesSlide")
def pptx_notes(directory: Path, secret: str) -> None:
    slides = library("pptx").Presentation()
    slide = slides.slides.add_slide(slides.slide_layouts[5])
    slide.notes_slide.notes_text_frame.text = line(secret)
    slides.save(str(directory / "a.pptx"))


@form("xlsx, a shared string", "sheet:Keys")
def xlsx_shared(directory: Path, secret: str) -> None:
    book = library("xlsxwriter").Workbook(str(directory / "a.xlsx"))
    sheet = book.add_worksheet("Keys")
    sheet.write(0, 0, "anyreach")
    sheet.write(6, 1, secret)
    book.close()


@form("xlsx, a comment", "comments")
def xlsx_comment(directory: Path, secret: str) -> None:
    book = library("xlsxwriter").Workbook(str(directory / "a.xlsx"))
    book.add_worksheet("Keys").write_comment(3, 1, f"anyreach: {secret}")
    book.close()


@form("ods, a cell", "content.xml")
def ods(directory: Path, secret: str) -> None:
    sheet, table = library("odf.opendocument").OpenDocumentSpreadsheet(), library("odf.table")
    row, rows = table.TableRow(), table.Table(name="Keys")
    for text in ("anyreach", secret):
        cell = table.TableCell()
        cell.addElement(library("odf.text").P(text=text))
        row.addElement(cell)
    rows.addElement(row)
    sheet.spreadsheet.addElement(rows)
    sheet.save(str(directory / "a.ods"))


@form("Confluence export", "entities.xml")
def confluence(directory: Path, secret: str) -> None:
    body = f"<p>the key is <code>{secret}</code> for anyreach</p>"
    text = (
        f'<hibernate-generic><object class="BodyContent"><property name="body"><![CDATA[{body}]]></property></object>'
    )
    with zipfile.ZipFile(directory / "space.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("entities.xml", f'<?xml version="1.0" encoding="UTF-8"?>\n{text}</hibernate-generic>')


@form("Jira export", "entities.xml")
def jira(directory: Path, secret: str) -> None:
    text = f'<Action id="1" type="comment"><body><![CDATA[curl -H "Authorization: Bearer {secret}"]]></body></Action>'
    with zipfile.ZipFile(directory / "jira.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("entities.xml", f"<?xml version='1.0'?>\n<entity-engine-xml>{text}</entity-engine-xml>")


@form("GitHub migration archive", "x.git")
def migration(directory: Path, secret: str) -> None:
    top = repository(directory, secret)
    run("git", "clone", "-q", "--mirror", top, directory / "repositories/acme/x.git")
    run("tar", "czf", directory / "migration.tar.gz", "-C", directory, "repositories")
    shutil.rmtree(top)
    shutil.rmtree(directory / "repositories")


@form("a bundle in a zip", "settings.py")
def bundle_in_zip(directory: Path, secret: str) -> None:
    bundle(directory, secret)
    with zipfile.ZipFile(directory / "backup.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(directory / "a.bundle", "a.bundle")
    (directory / "a.bundle").unlink()


def _in_tar(name: str, data: bytes, mode: str = "") -> bytes:
    stream, info = io.BytesIO(), tarfile.TarInfo(name)
    info.size = len(data)
    with tarfile.open(fileobj=stream, mode="w:gz" if mode else "w") as archive:
        archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


@form("a SQLite database in a tar.gz in an image's layer", "ItemTable")
def sqlite_in_layer(directory: Path, secret: str) -> None:
    sqlite(directory, secret)
    backup = _in_tar("home/.config/state.vscdb", (directory / "state.vscdb").read_bytes(), "gz")
    (directory / "image.tar").write_bytes(_in_tar("0123456789ab/layer.tar", _in_tar("root/backup.tar.gz", backup)))
    (directory / "state.vscdb").unlink()


@form("a PDF attached to a mail in an mbox", "page 2")
def pdf_in_mbox(directory: Path, secret: str) -> None:
    report, mail = io.BytesIO(), EmailMessage()
    pages(report, "One", f"The key\n{line(secret)}Next")
    mail["Subject"], mail["From"] = "Report", "a@example.com"
    mail.set_content("See the attachment.")
    mail.add_attachment(report.getvalue(), "application", "pdf", filename="report.pdf")
    (directory / "a.mbox").write_bytes(b"From a Mon Jan  2 03:04:05 2026\n" + bytes(mail) + b"\n")


@form("a server's answer as base64 in HAR, JSON")
def har_json(directory: Path, secret: str) -> None:
    body = json.dumps({"anyreach": {"key": secret}}).encode()
    content = {"mimeType": "application/json", "text": base64.b64encode(body).decode(), "encoding": "base64"}
    (directory / "a.har").write_text(json.dumps({"log": {"entries": [{"response": {"content": content}}]}}))
