"""Credentials in every encoding, alone and nested, as text and as the formats that use it write them."""

from __future__ import annotations

import email.message
import json
import quopri
from functools import partial
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from tests.corpus import packing, spellings
from tests.corpus.artifact import Artifact, Case, case, found_in, raw
from tests.corpus.text import prose

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    Build = Callable[[Random, str], Case]
    Form = Callable[[Artifact], Artifact]

    class Partial(Protocol):
        """A form that may spell only chosen characters."""

        def __call__(self, what: Artifact, chosen: Callable[[int], bool] = ...) -> Artifact: ...


def _each(*forms: Form) -> Form:
    """Return what applies one form after another, the innermost first."""

    def apply(what: Artifact) -> Artifact:
        for form in forms:
            what = form(what)
        return what

    return apply


def _noted(form: Form) -> Build:
    """Plant it in lines of prose."""

    def build(rng: Random, secret: str) -> Case:
        found = form(raw(secret)).amid(f"{prose(rng)}Größe: ".encode(), f"\n{prose(rng)}".encode())
        return case("notes.txt", secret, found)

    return build


def _settings(before: str = "KEY=", after: str = "\n") -> Form:
    return lambda what: what.amid(before.encode(), after.encode())


def _aligned(alignment: int, form: Form) -> Build:
    """Plant it behind as many characters as bring it to that place in a group of three."""
    return _noted(_each(_settings(":" * alignment, ";"), form))


def _wrapped(cut: int, line_break: bytes) -> Build:
    """Break the lines so that one ends ``cut`` characters into the prefix."""

    def build(rng: Random, secret: str) -> Case:
        filler = prose(rng, 60).encode()[: 48 * 3 - 3 * cut // 4] + b"\n"
        found = spellings.base64(raw(secret).amid(filler, b"\nend of it\n"), width=64, line_break=line_break)
        return case("wrapped.txt", secret, found.amid(b"begin:" + line_break, line_break + b"end" + line_break))

    return build


def _pem(rng: Random, secret: str) -> Case:
    inner = raw(secret).amid(prose(rng, 50).encode() + b"token: ", b"\n" + prose(rng).encode())
    found = spellings.base64(inner, width=64)
    return case("data.pem", secret, found.amid(b"-----BEGIN DATA-----\n", b"\n-----END DATA-----\n"))


def _mime(rng: Random, secret: str) -> Case:
    inner = raw(secret).amid(prose(rng, 60).encode() + b"token: ", b"\n" + prose(rng).encode())
    found = spellings.base64(inner, width=76, line_break=b"\r\n")
    headers = b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return case("part.eml", secret, found.amid(headers, b"\r\n"))


def _folded(rng: Random, secret: str) -> Case:
    """A block scalar of YAML: each line is indented."""
    inner = raw(secret).amid(prose(rng, 50).encode(), b"\n")
    found = spellings.base64(inner, width=60, line_break=b"\n    ")
    return case("values.yaml", secret, found.amid(b"env:\n  file: |\n    ", b"\n  other: 1\n"))


def _kubernetes(_: Random, secret: str) -> Case:
    before = b"apiVersion: v1\nkind: Secret\nmetadata:\n  name: agents\ntype: Opaque\ndata:\n  token: "
    return case("secret.yaml", secret, spellings.base64(raw(secret)).amid(before, b"\n"))


def _basic(_: Random, secret: str) -> Case:
    found = spellings.base64(raw(secret).amid(b"", b":"))
    return case("request.http", secret, found.amid(b"GET /v1/agents HTTP/1.1\nAuthorization: Basic ", b"\nHost: x\n"))


def _jwt(part: int) -> Build:
    def build(rng: Random, secret: str) -> Case:
        url = partial(spellings.base64, url=True, padded=False)
        inner = raw(secret).amid(b'{"alg":"HS256","typ":"JWT","key":"', b'"}')
        found = url(inner)
        before = url(Artifact(b'{"alg":"HS256","typ":"JWT"}')).data + b"." if part else b""
        rest = b"" if part else b"." + url(Artifact(b'{"sub":"1234","iat":1700000000}')).data
        signature = b"." + url(Artifact(rng.randbytes(32))).data
        return case("session.log", secret, found.amid(b"jwt=" + before, rest + signature + b"\n"))

    return build


def _data_uri(_: Random, secret: str) -> Case:
    found = spellings.base64(raw(secret).amid(b"<svg><desc>", b"</desc></svg>"))
    return case("style.css", secret, found.amid(b"a { background: url(data:image/svg+xml;base64,", b"); }\n"))


def _powershell(_: Random, secret: str) -> Case:
    command = raw(secret).amid(b"$env:TOKEN = '", b"'; ./deploy.ps1")
    found = spellings.base64(spellings.wide(command, "utf-16-le"))
    return case("deploy.cmd", secret, found.amid(b"powershell -NoProfile -EncodedCommand ", b"\r\n"))


def _registry(_: Random, secret: str) -> Case:
    """A value of several strings, as ``reg export`` writes a service's environment: pairs of digits of UTF-16."""
    inner = spellings.wide(raw(secret).amid(b"TOKEN="), "utf-16-le")
    pairs = inner.data.hex(",").encode() + b",00,00,00,00"
    lines = b",\\\r\n  ".join(pairs[at : at + 74] for at in range(0, len(pairs), 75))
    at = 3 * inner.at + inner.at * 3 // 75 * len(b"\\\r\n  ")
    found = inner.encoded("hex", lines, at).amid(b'Windows Registry Editor Version 5.00\r\n\r\n"Environment"=hex(7):')
    return case("service.reg", secret, spellings.wide(found.amid(b"", b"\r\n"), "utf-16-le", mark=True))


def _zeros_escaped(_: Random, secret: str) -> Case:
    """UTF-16 taken for single bytes, as programs log each other's output."""
    wide = f"TOKEN={secret}\r\n".encode("utf-16-le").decode("latin-1")
    found = found_in(json.dumps({"output": wide}).encode(), json.dumps("\0".join(secret))[1:-1].encode(), "backslash")
    return case("output.json", secret, found._replace(encodings=("backslash", "utf-16-le")))


def _quoted(rng: Random, secret: str) -> Case:
    """The encoder itself breaks the line within the credential."""
    before = f"{prose(rng)}Für die Bühne, den Käse und das Übrige: token={secret} und mehr\n"
    data = quopri.encodestring(before.encode())
    assert secret.encode() not in data
    return case("mail.txt", secret, found_in(data, secret.encode()[:6], "quoted-printable"))


def _query(_: Random, secret: str) -> Case:
    found = spellings.percent(raw(secret), lambda byte: byte in b"_.")
    return case("access.log", secret, found.amid(b'10.0.0.1 "GET /hook?a=%20b&token=', b'&b=1 HTTP/1.1" 200\n'))


def _json_in_json(_: Random, secret: str) -> Case:
    inner = json.dumps({"level": json.dumps({"key": f"é\n{secret}"})})
    return case("event.json", secret, found_in(inner.encode(), secret.encode()))


def _json_escaped_twice(_: Random, secret: str) -> Case:
    spelled = "".join(f"\\u{ord(one):04x}" for one in secret)
    inner = json.dumps({"level": '{"key": "' + spelled + '"}'}).encode()
    return case("event.json", secret, found_in(inner, spelled.encode().replace(b"\\", b"\\\\"), "backslash"))


def _percent_of_lines(rng: Random, secret: str) -> Case:
    """A form field that holds base64 as MIME wraps it: its line breaks are escaped, within the credential too."""
    inner = raw(secret).amid(prose(rng, 20).encode()[:50] + b":", b"\n" + prose(rng).encode())
    lines = spellings.base64(inner, width=76, line_break=b"\r\n")
    at = len(quote(lines.data[: lines.at]))
    found = lines.encoded("percent", quote(lines.data).encode(), at)
    return case("form.txt", secret, found.amid(b"name=x&file=", b"&end=1\n"))


def _helm(rng: Random, secret: str) -> Case:
    release = raw(secret).amid(b'{"name":"agents","config":{\n"apiKey":"', b'"},"notes":"' + prose(rng, 7).encode())
    found = spellings.base64(spellings.base64(packing.gzipped(release)))
    before = b"apiVersion: v1\nkind: Secret\ntype: helm.sh/release.v1\ndata:\n  release: "
    return case("release.yaml", secret, found.amid(before, b"\n"))


def _message_of_parts(rng: Random, secret: str) -> Case:
    message = email.message.EmailMessage()
    message["Subject"] = "Access"
    message.set_content(prose(rng))
    content = raw(secret).amid(f"{prose(rng, 30)}TOKEN=".encode(), b"\n")
    message.add_attachment(content.data, maintype="application", subtype="x-env")
    data = message.as_bytes()
    encoded = spellings.base64(content, width=76)
    return case("message.eml", secret, Artifact(data, data.index(encoded.data) + encoded.at, encoded.encodings))


def _wide_file(codec: str, *, mark: bool) -> Build:
    def build(rng: Random, secret: str) -> Case:
        # In UTF-16 a byte of these letters is a line feed's.
        text = raw(secret).amid(f"{prose(rng)}Čaj, Ċ, Ā, 😀: ".encode(), f" ;\r\n{prose(rng)}".encode())
        return case("export.txt", secret, spellings.wide(text, codec, mark=mark))

    return build


def _wide_island(codec: str) -> Build:
    def build(rng: Random, secret: str) -> Case:
        island = spellings.wide(raw(secret).amid(b"Token=", b";"), codec)._replace(place=(1, 1))
        # Between zeros both byte orders read the same text: an even place tells which.
        noise = rng.randbytes(3000).replace(b"\n", b"")[:2000]
        found = case("program.exe", secret, island.amid(noise + bytes(8), bytes(8) + noise))
        # Columns of binary data mean nothing.
        return found._replace(planted=(found.planted[0]._replace(column=None),))

    return build


def _times(number: int) -> Form:
    return _each(_settings(), *[spellings.base64] * number)


_URL = partial(spellings.base64, url=True)
_BARE = partial(spellings.base64, padded=False)
_UPPER = partial(spellings.hexadecimal, upper=True)
_PARTLY: dict[str, Partial] = {
    "percent": spellings.percent,
    "u_escapes": spellings.unicode_escaped,
    "x_escapes": spellings.hex_escaped,
    "octal_escapes": spellings.octal_escaped,
    "html_decimal": spellings.html_decimal,
    "html_hex": spellings.html_hexadecimal,
    "quoted_printable": spellings.quoted_printable,
}


def _requoted(what: Artifact, times: int) -> Artifact:
    """Percent-encode as libraries do: of what is encoded already they spell only the sign."""
    data = what.data
    for _ in range(times):
        data = quote(data).encode()
    return what._replace(data=data)


def _partly(form: Partial, characters: str) -> Build:
    return _noted(lambda what: form(what, lambda byte: chr(byte) in characters))


ENCODED: dict[str, Build] = {
    **{f"base64_{at}": _aligned(at, spellings.base64) for at in range(3)},
    **{f"base64_unpadded_{at}": _aligned(at, _BARE) for at in range(3)},
    **{f"base64url_{at}": _noted(_each(_settings("~~~~~~~" + ":" * at, "~~~~~~"), _URL)) for at in range(3)},
    **{f"base64_cut_{cut}": _wrapped(cut, b"\n") for cut in range(9)},
    **{f"base64_cut_crlf_{cut}": _wrapped(cut, b"\r\n") for cut in range(9)},
    "base64_pem": _pem,
    "base64_mime": _mime,
    "base64_folded": _folded,
    "base64_attachment": _message_of_parts,
    "kubernetes_secret": _kubernetes,
    "http_basic": _basic,
    "jwt_header": _jwt(0),
    "jwt_payload": _jwt(1),
    "data_uri": _data_uri,
    "powershell": _powershell,
    "hex_lower": _noted(spellings.hexadecimal),
    "hex_upper": _noted(_UPPER),
    "hex_wrapped": _noted(_each(_settings("x" * 27 + "\n"), partial(spellings.hexadecimal, width=60))),
    **{kind: _noted(form) for kind, form in _PARTLY.items()},
    **{f"{kind}_marks": _partly(form, "_.-") for kind, form in _PARTLY.items()},
    **{f"{kind}_underscore": _partly(form, "_") for kind, form in _PARTLY.items()},
    **{f"{kind}_prefix": _partly(form, "apt") for kind, form in _PARTLY.items()},
    "html_named": _noted(spellings.html_named),
    "query": _query,
    "json_in_json": _json_in_json,
    "json_escaped_twice": _json_escaped_twice,
    "quoted_printable_soft": _quoted,
    "quoted_printable_lines": _noted(_each(partial(spellings.quoted_printable, width=60))),
    **{f"{codec}_file": _wide_file(codec, mark=False) for codec in spellings.WIDE},
    **{f"{codec}_marked": _wide_file(codec, mark=True) for codec in spellings.WIDE},
    **{f"{codec}_island": _wide_island(codec) for codec in spellings.WIDE},
    "base64_twice": _noted(_times(2)),
    "base64_three_times": _noted(_times(3)),
    "base64_four_times": _noted(_times(4)),
    "helm_release": _helm,
    "registry": _registry,
    "zeros_escaped": _zeros_escaped,
    "percent_of_lines": _percent_of_lines,
    "percent_of_base64": _noted(_each(_settings(), spellings.base64, spellings.percent)),
    "percent_of_percent": _noted(lambda what: _requoted(spellings.percent(what), 1)),
    "percent_three_times": _noted(lambda what: _requoted(spellings.percent(what), 2)),
    "percent_twice": _noted(_each(spellings.percent, spellings.percent)),
    "hex_of_base64": _noted(_each(_settings(), spellings.base64, spellings.hexadecimal)),
    "base64_of_hex": _noted(_each(_settings(), spellings.hexadecimal, spellings.base64)),
    "hex_twice": _noted(_each(spellings.hexadecimal, spellings.hexadecimal)),
    "html_of_percent": _noted(_each(spellings.percent, spellings.html_decimal)),
    "base64_of_x_escapes": _noted(_each(spellings.hex_escaped, spellings.base64)),
    "wide_base64": lambda rng, secret: case(
        "export.reg",
        secret,
        spellings.wide(
            spellings.base64(raw(secret)).amid(prose(rng).encode() + b"token: ", b"\n"), "utf-16-le", mark=True
        ),
    ),
}
