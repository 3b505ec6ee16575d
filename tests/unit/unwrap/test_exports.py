"""Mail, logs, exports and bundles whose forms are text, JSON or zip, and so need no reader of their own."""

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
from tests.corpus.journal_export import exported
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


def _entry(**fields: Any) -> dict[str, Any]:
    return {"@timestamp": "2026-11-28T09:30:00Z", "host": {"name": "web-1"}, **fields}


def _lines(*values: Any) -> bytes:
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def _cloudwatch(text: str) -> bytes:
    """Return an answer of FilterLogEvents, whose messages may be JSON themselves."""
    event = {"logStreamName": "app/1", "timestamp": 1764000000000, "message": json.dumps({"msg": text}) + "\n"}
    return json.dumps({"events": [event], "searchedLogStreams": []}, indent=4).encode()


def _subscription(text: str) -> bytes:
    """Return what a subscription of CloudWatch delivers: compressed, in base64."""
    events = [{"id": "1", "timestamp": 1764000000000, "message": f"some text, {text}"}]
    record = {"messageType": "DATA_MESSAGE", "logGroup": "app", "logEvents": events}
    return json.dumps({"awslogs": {"data": b64encode(gzip.compress(json.dumps(record).encode())).decode()}}).encode()


def _loki(text: str) -> bytes:
    """Return an answer of query_range: https://grafana.com/docs/loki/latest/reference/loki-http-api/."""
    stream = {"stream": {"app": "web"}, "values": [["1764000000000000000", f'level=info auth="{text}"']]}
    return json.dumps({"status": "success", "data": {"resultType": "streams", "result": [stream]}}).encode()


def _search(text: str) -> bytes:
    hit = {"_index": "logs", "_id": "1", "_source": _entry(message=f'POST /v1 {{"auth": "{text}"}}\n  at x')}
    return json.dumps({"took": 1, "hits": {"total": {"value": 1}, "hits": [hit]}}).encode()


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
    "journal, export": lambda token: exported(
        {"MESSAGE": b"a"}, {"MESSAGE": f"a\n{token}\n\0b".encode(), "PRIORITY": b"6"}
    ),
    "journal, JSON": lambda token: _lines({"MESSAGE": "a"}, {"MESSAGE": [*f"\x1b[1m{token}\x1b[0m".encode()]}),
    "journal, JSON with two values": lambda token: _lines({"MESSAGE": ["a", [*f"\1 {token}\n".encode()]]}),
    "journal, server-sent events": lambda token: b"data: " + _lines({"MESSAGE": f"key {token}"}) + b"\n",
    "CloudWatch, exported": lambda token: gzip.compress(f"2026-11-28T09:30:00.000Z Bearer {token}\n".encode()),
    "CloudWatch, events": _cloudwatch,
    "CloudWatch, subscription": _subscription,
    "Loki, answer": _loki,
    "Loki, lines": lambda token: _lines({"labels": {"app": "web"}, "line": f'{{"auth":"{token}"}}', "timestamp": "x"}),
    "Elasticsearch, answer": _search,
    "Elasticsearch, dump": lambda token: _lines({"_index": "logs", "_id": "1", "_source": _entry(message=token)}),
    "Elasticsearch, bulk": lambda token: _lines({"index": {"_id": "1"}}, _entry(event={"original": f'"{token}"'})),
    "Elasticsearch, binary": lambda token: _lines(_entry(blob=b64encode(f"some text, {token}".encode()).decode())),
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
