"""Mail, exports and bundles whose forms are text, JSON or zip, and so need no reader of their own."""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from email.message import EmailMessage
from io import BytesIO
from random import Random
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from akpatrol import Scanner
from tests.credentials import organization_key, personal_access_token

if TYPE_CHECKING:
    from collections.abc import Callable

_SCANNER = Scanner()


def _zipped(text: str, name: str = "a.txt") -> bytes:
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        archive.writestr(name, text)
    return buffer.getvalue()


def _message(text: str = "hello\n", **options: Any) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.org", "b@example.org", "keys"
    message.set_content(text, **options)
    return message


def _attached(data: bytes | EmailMessage) -> bytes:
    message = _message()
    if isinstance(data, bytes):
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename="a.bin")
    else:
        message.add_attachment(data)
    return bytes(message)


def _box(token: str) -> bytes:
    letters = (_message(), _message(f"é {token}\n", cte="base64"), _message())
    return b"".join(b"From a@example.org Mon Nov 29 00:00:00 2026\n" + bytes(letter) + b"\n" for letter in letters)


def _har(body: bytes) -> bytes:
    content = {"mimeType": "text/plain", "encoding": "base64", "text": b64encode(body).decode()}
    return json.dumps({"log": {"entries": [{"response": {"content": content}}]}}, indent=1).encode()


def _notebook(source: list[str], output: dict[str, Any]) -> bytes:
    cell = {"cell_type": "code", "source": source, "outputs": [{"data": output}]}
    return json.dumps({"cells": [cell], "nbformat": 4}).encode()


_PICTURE = {"image/png": b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(256))).decode()}
_FORMS: dict[str, Callable[[str], bytes]] = {
    "mail in base64": lambda token: bytes(_message(f"é {token}\n", cte="base64")),
    "mail in UTF-16": lambda token: bytes(_message(f"é {token}\n", charset="utf-16", cte="base64")),
    "mail in quoted-printable": lambda token: bytes(_message(f"{'x' * 40} é {token} é\n", cte="quoted-printable")),
    "mail in HTML": lambda token: bytes(_message(f"<p>é {token}</p>\n", subtype="html", cte="base64")),
    "mail with a zip": lambda token: _attached(_zipped(token)),
    "mail with gzip": lambda token: _attached(gzip.compress(f"some text, {token}".encode())),
    "mail in a mail": lambda token: _attached(_message(f"é {token}\n", cte="base64")),
    "mail in base64 in a mail": lambda token: _attached(_attached(_zipped(token))),
    "mbox": _box,
    "HAR": lambda token: _har(f"some text, {token}".encode()),
    "HAR with gzip": lambda token: _har(gzip.compress(f"some text, {token}".encode())),
    "notebook": lambda token: _notebook(["import x\n", f'k = "{token}"'], _PICTURE),
    "notebook's output": lambda token: _notebook(["print(k)"], {**_PICTURE, "text/plain": [f"'{token}'"]}),
    "source map": lambda token: json.dumps({"version": 3, "sourcesContent": [f'a;\nk = "{token}";\n']}).encode(),
    "Chrome's extension": lambda token: b"Cr24\3\0\0\0\50\0\0\0" + b"x" * 40 + _zipped(token),
    "Slack": lambda token: _zipped(json.dumps([{"type": "message", "text": f"here: `{token}`"}]), "general/1.json"),
    "Jira": lambda token: f'<?xml version="1.0"?><a><Action body="is {token} &lt;b&gt;"/></a>'.encode(),
    "Confluence": lambda token: _zipped(f'<?xml version="1.0"?><a><p><![CDATA[<p>{token}</p>]]></p></a>', "x.xml"),
}


@pytest.mark.parametrize("form", _FORMS)
def test_what_an_export_holds_is_found(form: str) -> None:
    for seed in range(4):
        for token in (organization_key(Random(seed), secret_length=40), personal_access_token(Random(seed))):
            hits = list(_SCANNER.scan(_FORMS[form](token)))
            assert {hit.match.secret.reveal() for hit in hits} == {token.encode()}
