"""What must stay silent: it looks like a credential, like an encoding or like a container, and is none to report."""

from __future__ import annotations

import gzip
import io
import json
import struct
from base64 import b64encode, encodebytes, urlsafe_b64encode
from email.message import EmailMessage
from hashlib import sha1, sha256, sha384, sha512
from typing import TYPE_CHECKING

from tests.corpus import packing
from tests.corpus.text import log, prose
from tests.credentials import organization_key, random_text, uuid4

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    Build = Callable[[Random], bytes]

_WORDS = ("user", "account", "session", "token", "request", "handler", "client", "default", "manager", "value")
_BODIES = (
    *("your_token_goes_here", "replace_this_with_your_own_token", "my_personal_access_token", "EXAMPLE" * 5),
    *("${TOKEN}", "{{ token }}", "<token>", "%(token)s", "$(cat token)", "$TOKEN", "*" * 30),
    *("x" * 40, "a" * 40, "0" * 40, "1234567890" * 4, "abcdefghijklmnopqrstuvwxyz", "qwertyuiop" * 3),
)
_PLACEHOLDERS = (*(f"pat_{body}" for body in _BODIES), *(f"ak_{body}.{body}" for body in _BODIES))


def _assigned(values: list[str]) -> bytes:
    return "".join(f"TOKEN_{number}={value}\n" for number, value in enumerate(values)).encode()


def _encoded_placeholders(_: Random) -> bytes:
    return _assigned([b64encode(value.encode()).decode() for value in _PLACEHOLDERS])


def _wide_placeholders(_: Random) -> bytes:
    return _assigned(list(_PLACEHOLDERS)).decode().encode("utf-16")


def _escaped_placeholders(_: Random) -> bytes:
    return _assigned(["".join(f"\\u{ord(one):04x}" for one in value) for value in _PLACEHOLDERS])


def _identifiers(rng: Random) -> bytes:
    names = ["_".join(rng.choices(_WORDS, k=5)) for _ in range(200)]
    calls = [f"pat_{name}; ak_{name}.{name}(x); self.ak_{name}.{name}; break_{name}.{name}" for name in names]
    return "\n".join(calls).encode()


def _inside_words(rng: Random) -> bytes:
    keys = [organization_key(rng) for _ in range(20)]
    return "".join(f"bre{key} compat_{key[3:]} mask_{key} x{key}\n" for key in keys).encode()


def _addresses(rng: Random) -> bytes:
    paths = [f"https://example.org/pat_{rng.choice(_WORDS)}/ak_{'_'.join(rng.choices(_WORDS, k=3))}.html?a=%20b%2F"]
    paths += [f"/static/{rng.choice(_WORDS)}.{rng.randbytes(10).hex()}.js" for _ in range(50)]
    return "\n".join(paths).encode()


def _hashes(rng: Random) -> bytes:
    lines = [f"{algorithm(rng.randbytes(9)).hexdigest()}  file" for _ in range(300) for algorithm in (sha1, sha256)]
    return "\n".join(lines).encode()


def _integrity(rng: Random) -> bytes:
    packages = {
        f"node_modules/{number}": {
            "resolved": f"https://registry.example.org/{number}.tgz",
            "integrity": f"sha512-{b64encode(sha512(rng.randbytes(9)).digest()).decode()}",
            "other": f"sha384-{b64encode(sha384(rng.randbytes(9)).digest()).decode()}",
        }
        for number in range(500)
    }
    return json.dumps({"packages": packages}, indent=2).encode()


def _page_with_images(rng: Random) -> bytes:
    images = [b64encode(b"\x89PNG\r\n\x1a\n" + rng.randbytes(20_000)).decode() for _ in range(8)]
    return "".join(f'<img src="data:image/png;base64,{image}">\n' for image in images).encode()


def _other_vendors(rng: Random) -> bytes:
    def some(name: str, length: int) -> str:
        return random_text(rng, name, length)

    tokens = [
        f"github_{'pat'}_{some('base62', 22)}_{some('base62', 59)}",
        f"dckr_{'pat'}_{some('base64url', 27)}",
        f"dop_v1_{some('hex', 64)}",
        f"gl{'pat'}-{some('base62', 20)}",
        f"ghp_{some('base62', 36)}",
        f"sk_live_{some('base62', 24)}",
        f"xoxb-{some('hex', 12)}-{some('base62', 24)}",
        f"AKIA{some('hex_upper', 16)}",
        f"SG.{some('base64url', 22)}.{some('base64url', 43)}",
        f"figd_{some('base64url', 40)}",
    ]
    encoded = [b64encode(f"user:{token}".encode()).decode() for token in tokens]
    return _assigned(tokens + encoded + [uuid4(rng)])


def _masked(rng: Random) -> bytes:
    keys = [organization_key(rng) for _ in range(20)]
    masks = ("{0:.9}****", "{0:.8}...", "{0:.7}\N{HORIZONTAL ELLIPSIS}", "{0:.9}\N{BULLET}\N{BULLET}\N{BULLET}")
    return "\n".join(mask.format(key) for key in keys for mask in masks).encode()


def _certificates(rng: Random) -> bytes:
    parts = []
    for label, size in (("CERTIFICATE", 1200), ("RSA PUBLIC KEY", 270), ("PGP MESSAGE", 3000)) * 4:
        body = b"\x30\x82" + size.to_bytes(2, "big") + rng.randbytes(size)
        parts.append(f"-----BEGIN {label}-----\n{encodebytes(body).decode()}-----END {label}-----\n")
    return "".join(parts).encode()


def _tokens_of_sessions(rng: Random) -> bytes:
    def part(value: bytes) -> str:
        return urlsafe_b64encode(value).rstrip(b"=").decode()

    claims = [json.dumps({"sub": uuid4(rng), "name": prose(rng, 4), "iat": rng.getrandbits(30)}) for _ in range(50)]
    header = part(b'{"alg":"RS256","typ":"JWT","kid":"1"}')
    return "\n".join(f"{header}.{part(each.encode())}.{part(rng.randbytes(256))}" for each in claims).encode()


def _minified(rng: Random) -> bytes:
    parts = []
    for number in range(3000):
        word, other = rng.choice(_WORDS), rng.choice(_WORDS)
        parts.append(f"e.{word}=function(t){{return pat_{other}(t,{number})||'\\u00e9\\x20%20&amp;'}},")
    return f"!function(e){{{''.join(parts)}}}()".encode()


def _image(rng: Random) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + rng.randbytes(300_000)


def _samples_of_sound(rng: Random) -> bytes:
    """Small numbers of two bytes look like UTF-16."""
    return b"RIFF" + b"".join(struct.pack("<h", rng.randrange(-200, 200)) for _ in range(60_000))


def _archive(rng: Random) -> bytes:
    members = {"a.txt": prose(rng).encode(), "b.log": log(rng).encode(), "c.bin": rng.randbytes(9000), "d/": b""}
    return packing.tar_bytes({"inner.zip": packing.zip_bytes(members), **members}, mode="w:gz")


def _encoded_archive(rng: Random) -> bytes:
    return b"data: " + b64encode(gzip.compress(log(rng).encode(), mtime=0)) + b"\n"


def _looks_like_an_encoded_archive(rng: Random) -> bytes:
    """What only begins like a container in base64 was never one: nothing is missing."""
    words = [random_text(rng, "base62", 40) for _ in range(20)]
    return "\n".join(f"id: H4sI{word} UEsDB{word} QlpoOT{word} /Td6WFo{word}" for word in words).encode()


def _long_prose(rng: Random) -> bytes:
    return prose(rng, 5000).encode()


def _mail(rng: Random) -> bytes:
    message = EmailMessage()
    message.set_content(f"Schöne Grüße! {prose(rng)}", cte="quoted-printable")
    message.add_attachment(rng.randbytes(3000), maintype="application", subtype="octet-stream")
    return message.as_bytes()


def _empty_archives(_: Random) -> bytes:
    stream = io.BytesIO(packing.tar_bytes({"empty.zip": packing.zip_bytes({}), "empty.tar": packing.tar_bytes({})}))
    return stream.getvalue()


SILENT: dict[str, Build] = {
    "placeholders": lambda _: _assigned(list(_PLACEHOLDERS)),
    "placeholders_in_base64": _encoded_placeholders,
    "placeholders_in_utf_16": _wide_placeholders,
    "placeholders_escaped": _escaped_placeholders,
    "placeholders_in_zip": lambda _: packing.zip_bytes({"README.md": _assigned(list(_PLACEHOLDERS))}),
    "identifiers": _identifiers,
    "identifiers_in_gzip": lambda rng: gzip.compress(_identifiers(rng)),
    "inside_words": _inside_words,
    "addresses": _addresses,
    "hashes": _hashes,
    "subresource_integrity": _integrity,
    "images_in_base64": _page_with_images,
    "other_vendors": _other_vendors,
    "masked": _masked,
    "certificates": _certificates,
    "session_tokens": _tokens_of_sessions,
    "prose": _long_prose,
    "prose_in_utf_16": lambda rng: prose(rng, 2000).encode("utf-16"),
    "prose_in_utf_32": lambda rng: prose(rng, 2000).encode("utf-32"),
    "prose_in_base64": lambda rng: encodebytes(_long_prose(rng)),
    "prose_in_base64_twice": lambda rng: b64encode(b64encode(_long_prose(rng))),
    "prose_in_hex": lambda rng: _long_prose(rng).hex().encode(),
    "prose_in_gzip": lambda rng: gzip.compress(_long_prose(rng)),
    "mail": _mail,
    "minified": _minified,
    "image": _image,
    "sound": _samples_of_sound,
    "archive": _archive,
    "archive_in_base64": _encoded_archive,
    "archive_in_looks_only": _looks_like_an_encoded_archive,
    "empty_archives": _empty_archives,
}
