"""Credentials as people leak them: files as their programs write them, some with several credentials."""

from __future__ import annotations

import io
import json
import plistlib
import sqlite3
import struct
import tarfile
from email.message import EmailMessage
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from tests.corpus import packing, spellings
from tests.corpus.artifact import Artifact, Case, Planted, case, found_in, planted, raw
from tests.corpus.text import log, prose
from tests.credentials import organization_key, personal_access_token

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    Build = Callable[[Random, str], Case]


def _json(content: object, secret: str, indent: int | None = 1) -> Artifact:
    return found_in(json.dumps(content, indent=indent).encode(), secret.encode())


def _slack_export(rng: Random, secret: str) -> Case:
    messages = [
        {"type": "message", "user": "U02", "ts": "1704067200.000100", "text": prose(rng, 9)},
        {"type": "message", "user": "U03", "ts": "1704067260.000200", "text": f"use this one:\n{secret}\nthanks"},
    ]
    others = {"users.json": b"[]", "channels.json": b'[{"name": "general"}]'}
    return case("export.zip", secret, packing.zipped(_json(messages, secret), "general/2024-01-01.json", others))


def _manifest(_: Random, secret: str) -> Case:
    encoded = spellings.base64(raw(secret).amid(b"API_TOKEN=", b"\n"))
    before = (
        b"---\napiVersion: v1\nkind: ConfigMap\ndata:\n  MODE: prod\n---\napiVersion: v1\nkind: Secret\ndata:\n  .env: "
    )
    return case("deploy.yaml", secret, encoded.amid(before, b"\n  other: eHg=\n"))


def _notebook(rng: Random, secret: str) -> Case:
    """A credential in the source of a cell, and another in an output that is base64."""
    other = personal_access_token(rng)
    page = spellings.base64(raw(other).amid(b"<!-- token: ", b" --><p>done</p>"))
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": [prose(rng, 8)]},
        {
            "cell_type": "code",
            "source": ["import httpx\n", f'headers = {{"Authorization": "Bearer {secret}"}}\n'],
            "outputs": [{"output_type": "display_data", "data": {"application/pdf": page.data.decode()}}],
        },
    ]
    found = _json({"cells": cells, "nbformat": 4, "nbformat_minor": 5}, secret)
    second = found._replace(at=found.data.index(page.data) + page.at, encodings=page.encodings)
    return case("explore.ipynb", secret, found, planted(other, second))


def _image_layer(rng: Random, secret: str) -> Case:
    layer = raw(secret).amid(f"{prose(rng, 9)}export TOKEN=".encode(), b"\n")
    others = {"etc/passwd": b"root:x:0:0::/root:/bin/sh\n"}
    packed = packing.tarred(layer, "root/.profile", others, tarfile.GNU_FORMAT)
    return case("layer.tar.gz", secret, packing.gzipped(packed))


def _har(rng: Random, secret: str) -> Case:
    """Three credentials: in a header, in a query that is percent-encoded, and in a body that is base64."""
    queried, answered = organization_key(rng, id_alphabet="base64url"), personal_access_token(rng)
    query = spellings.percent(raw(queried), spellings.is_mark)
    body = spellings.base64(raw(answered).amid(b'{"pat_key": "', b'", "expires_at": null}'))
    entry = {
        "request": {
            "method": "GET",
            "url": f"https://api.example.org/core/agents?{urlencode({'q': 'a b'})}&key={query.data.decode()}",
            "headers": [{"name": "Authorization", "value": f"Bearer {secret}"}],
        },
        "response": {"status": 200, "content": {"encoding": "base64", "text": body.data.decode()}},
    }
    found = _json({"log": {"version": "1.2", "entries": [entry]}}, secret, 2)
    in_query = found._replace(at=found.data.index(query.data) + query.at, encodings=query.encodings)
    in_body = found._replace(at=found.data.index(body.data) + body.at, encodings=body.encodings)
    return case("session.har", secret, found, planted(queried, in_query), planted(answered, in_body))


def _terraform(_: Random, secret: str) -> Case:
    attributes = {"name": "agents", "data": {"token": secret}, "sensitive": True}
    state = {"version": 4, "resources": [{"type": "kubernetes_secret", "instances": [{"attributes": attributes}]}]}
    return case("terraform.tfstate", secret, _json(state, secret, 2))


def _cloud_init(rng: Random, secret: str) -> Case:
    """Terraform's ``base64gzip`` of what a machine runs at its start."""
    script = raw(secret).amid(f"#cloud-config\n# {prose(rng, 6)}runcmd:\n- TOKEN=".encode(), b" /opt/run\n")
    found = spellings.base64(packing.gzipped(script))
    return case("plan.json", secret, found.amid(b'{"values": {"user_data_base64": "', b'"}}\n'))


def _npmrc(_: Random, secret: str) -> Case:
    encoded = spellings.base64(raw(secret))
    return case(
        ".npmrc", secret, encoded.amid(b"registry=https://npm.example.org/\n//npm.example.org/:_password=", b"\n")
    )


def _postman(_: Random, secret: str) -> Case:
    body = json.dumps({"note": "né", "token": secret}, indent=2)
    item = {"name": "Login", "request": {"method": "POST", "body": {"mode": "raw", "raw": body}}}
    return case("agents.postman_collection.json", secret, _json({"info": {"name": "Agents"}, "item": [item]}, secret))


def _capture(rng: Random, secret: str) -> Case:
    """Packets of an unencrypted connection, in the format of libpcap."""
    request = f"GET /core/agents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {secret}\r\n\r\n".encode()
    data = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    for payload in (b"GET / HTTP/1.1\r\n\r\n", request, rng.randbytes(400)):
        packet = bytes(54) + payload
        data += struct.pack("<IIII", 1_704_067_200, 0, len(packet), len(packet)) + packet
    return case("traffic.pcap", secret, found_in(data, secret.encode()))


def _sql_dump(rng: Random, secret: str) -> Case:
    """A dump writes binary columns as hexadecimal digits."""
    other = organization_key(rng)
    hidden = spellings.hexadecimal(raw(other), upper=True)
    rows = b"INSERT INTO `settings` VALUES (1,'mode','it\\'s\\nprod'),(2,'token','%b'),(3,'blob',0x" % secret.encode()
    data = b"-- MySQL dump 10.13\n" + rows + hidden.data + b");\n"
    found = found_in(data, secret.encode())
    return case("dump.sql", secret, found, planted(other, found_in(data, hidden.data, "hex")))


def _database(rng: Random, secret: str) -> Case:
    ddl = "CREATE TABLE logins (origin TEXT, password TEXT)"
    values = ("https://app.example.org", prose(rng, 30), "https://api.example.org/", f" {secret}")
    with sqlite3.connect(":memory:") as connection:
        connection.execute(ddl)
        connection.executemany("INSERT INTO logins VALUES (?, ?)", (values[:2], values[2:]))
        connection.commit()
        data = connection.serialize()
    connection.close()
    return Case("logins.sqlite", data, (Planted(secret, 1, 2, containers=("sqlite:logins.password[rowid 2]",)),))


def _mailbox(rng: Random, secret: str) -> Case:
    """One message with a part in quoted-printable, and one with an attachment in base64."""
    other = personal_access_token(rng)
    letter = EmailMessage()
    letter.set_content(f"Schöne Grüße, hier ist er, für Übungen: {secret}\n", cte="quoted-printable")
    parcel = EmailMessage()
    parcel.set_content(prose(rng))
    content = raw(other).amid(b"# settings\nTOKEN=", f"\n# {prose(rng)}".encode())
    parcel.add_attachment(content.data, maintype="application", subtype="x-env", filename=".env")
    start = "From ada@example.org Mon Jan  1 00:00:00 2024\n"
    data = "".join(f"{start}{message.as_string()}\n" for message in (letter, parcel)).encode()
    assert secret.encode() not in data
    first = found_in(data, secret.encode()[:6], "quoted-printable")
    encoded = spellings.base64(content, width=76)
    second = Artifact(data, data.index(encoded.data) + encoded.at, encoded.encodings)
    return case("inbox.mbox", secret, first, planted(other, second))


def _registry(_: Random, secret: str) -> Case:
    before = 'Windows Registry Editor Version 5.00\r\n\r\n[HKEY_CURRENT_USER\\Environment]\r\n"TOKEN"="'
    found = spellings.wide(raw(secret).amid(before.encode(), b'"\r\n\r\n'), "utf-16-le", mark=True)
    return case("environment.reg", secret, found)


def _bundle(_: Random, secret: str) -> Case:
    names = "".join(f"function {chr(97 + number)}(t,n){{return t[n]||{number}}}" for number in range(26))
    text = f'!function(){{"use strict";{names}var r="ż",o={{headers:{{Authorization:"Bearer {secret}"}}}};e(o)}}();'
    return case("main.min.js", secret, found_in(text.encode(), secret.encode()))


def _source_map(rng: Random, secret: str) -> Case:
    """A bundle ends with its source map, in which the sources are JSON strings."""
    sources = {"version": 3, "sources": ["a.js"], "sourcesContent": [f'// {prose(rng)}const key = "{secret}";\n']}
    inner = _json(sources, secret, None)
    found = spellings.base64(inner)
    comment = b"e(1);\n//# sourceMappingURL=data:application/json;charset=utf-8;base64,"
    return case("bundle.js", secret, found.amid(comment, b"\n"))


def _workflow_log(rng: Random, secret: str) -> Case:
    """A log archive of a build, whose lines have colours."""
    text = raw(secret).amid(f"{log(rng, 9)}\x1b[36;1mexport TOKEN=\x1b[0m\x1b[1m".encode(), b"\x1b[0m\n")
    return case("logs_17.zip", secret, packing.zipped(text, "build/3_Run tests.txt", {"0_build.txt": b"x\n"}))


def _saml(rng: Random, secret: str) -> Case:
    """A redirect's parameter: base64, percent-encoded, because of its lines."""
    inner = raw(secret).amid(f"<saml:Attribute>{prose(rng, 5)}".encode(), b"</saml:Attribute>")
    lines = spellings.base64(inner, width=76, line_break=b"\n")
    found = spellings.percent(lines, lambda byte: byte in b"\n=+/")
    return case("redirect.log", secret, found.amid(b"POST /acs SAMLResponse=", b"&RelayState=x\n"))


def _compose(rng: Random, secret: str) -> Case:
    """Files of a machine, kept as an archive of archives."""
    env = raw(secret).amid(f"# {prose(rng, 5)}ANYREACH_TOKEN=".encode(), b"\n")
    zipped = packing.zipped(env, "app/.env", {"app/docker-compose.yml": b"services: {}\n"})
    return case("backup.tar.gz", secret, packing.gzipped(packing.tarred(zipped, "backup/app.zip"), "backup.tar"))


def _property_list(_: Random, secret: str) -> Case:
    stream = io.BytesIO()
    plistlib.dump({"Token": secret, "Mode": 1}, stream, fmt=plistlib.FMT_XML)
    return case("settings.plist", secret, found_in(stream.getvalue(), secret.encode()))


SCENES: dict[str, Build] = {
    "slack_export": _slack_export,
    "kubernetes_manifest": _manifest,
    "notebook": _notebook,
    "image_layer": _image_layer,
    "har": _har,
    "terraform_state": _terraform,
    "terraform_base64gzip": _cloud_init,
    "npmrc": _npmrc,
    "postman_collection": _postman,
    "packet_capture": _capture,
    "sql_dump": _sql_dump,
    "sqlite": _database,
    "mailbox": _mailbox,
    "windows_registry": _registry,
    "bundle": _bundle,
    "source_map": _source_map,
    "workflow_log": _workflow_log,
    "redirect": _saml,
    "machine_backup": _compose,
    "property_list": _property_list,
}
