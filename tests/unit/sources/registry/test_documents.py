"""Addresses, challenges, logins and manifests of registries."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.errors import UsageError
from akpatrol.sources.registry import address, challenges, logins, manifests
from akpatrol.sources.registry.challenges import Challenge
from akpatrol.sources.registry.manifests import LayerHistory, ManifestError

if TYPE_CHECKING:
    from pathlib import Path

_DIGEST = "sha256:" + 64 * "a"


@pytest.mark.parametrize(
    ("word", "root"),
    [
        ("oci://Example.org", "oci://example.org"),
        ("oci://example.org/", "oci://example.org"),
        ("oci://example.org:5000/team/app", "oci://example.org:5000/team/app"),
        ("oci://example.org/team/app:v1.2_x", "oci://example.org/team/app:v1.2_x"),
        (f"oci://example.org/app@{_DIGEST}", f"oci://example.org/app@{_DIGEST}"),
        ("oci+http://10.0.0.1:5000/app:v1", "oci+http://10.0.0.1:5000/app:v1"),
    ],
)
def test_addresses(word: str, root: str) -> None:
    assert address.parse(word).root == root
    assert address.parse(root).root == root


@pytest.mark.parametrize(
    "word",
    [
        "oci://",
        "oci://example.org/UPPER",
        "oci://example.org/a:b:c",
        "oci://example.org/../v2",
        "oci://example.org/a@md5:x",
        "oci://example.org/:v1",
        "oci://user:secret@example.org/a",
        "oci://example.org/a?x",
        "oci://exa mple.org/a",
    ],
)
def test_what_is_no_address(word: str) -> None:
    with pytest.raises(UsageError) as caught:
        address.parse(word)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("header", "challenge"),
    [
        (
            'Bearer realm="https://a/t",service="s",scope="x:y:pull,push"',
            Challenge("bearer", "https://a/t", "s", "x:y:pull,push"),
        ),
        ("bearer realm=https://a/t , service=s", Challenge("bearer", "https://a/t", "s")),
        ('Basic realm="Registry"', Challenge("basic")),
        ('Basic realm="a", Bearer realm="https://a/t"', Challenge("bearer", "https://a/t")),
        ('Bearer realm="a\\"b"', Challenge("bearer", 'a"b')),
        ('Digest realm="a"', None),
        ("", None),
    ],
)
def test_challenges(header: str, challenge: Challenge | None) -> None:
    assert challenges.parse(header) == challenge


@given(st.text())
def test_no_challenge_hangs(header: str) -> None:
    challenges.parse(header)


def test_logins(tmp_path: Path) -> None:
    packed = base64.b64encode(b"user:pass:word").decode()
    document: dict[str, Any] = {
        "auths": {
            "registry.example.org": {"auth": packed},
            "https://index.docker.io/v1/": {"auth": packed},
            "token.example.org": {"identitytoken": "long"},
            "broken.example.org": {"auth": "%%%"},
        },
        "credHelpers": {"helped.example.org": "program"},
    }
    (tmp_path / "config.json").write_text(json.dumps(document))
    variables = {"DOCKER_CONFIG": str(tmp_path)}
    for host in ("registry.example.org", "docker.io"):
        found = logins.login(host, variables)
        assert found.user == "user"
        assert found.secret
        assert found.secret.reveal() == b"pass:word"
    assert logins.login("token.example.org", variables)[0] is None
    assert logins.login("token.example.org", variables)[1]
    for host in ("broken.example.org", "other.example.org", "helped.example.org"):
        assert logins.login(host, variables).secret is None
    assert "is not run" in logins.login("helped.example.org", variables).advice
    assert "pass" not in repr(logins.login("registry.example.org", variables))


def _manifest(**changes: Any) -> bytes:
    blob = {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": _DIGEST, "size": 3}
    return json.dumps({"schemaVersion": 2, "config": blob, "layers": [blob], **changes}).encode()


def test_manifests() -> None:
    for kind in (*manifests.MANIFESTS, None):
        parsed = manifests.parse(_manifest(**({"mediaType": kind} if kind else {})))
        assert [layer.digest for layer in parsed.layers] == [_DIGEST]
    foreign = {"mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "digest": _DIGEST, "size": 3}
    assert manifests.parse(_manifest(layers=[foreign])).layers[0].foreign
    for kind in (*manifests.INDEXES, None):
        index = {"manifests": [{"digest": _DIGEST, "size": 1}], **({"mediaType": kind} if kind else {})}
        assert manifests.parse(json.dumps(index).encode()).images[0].digest == _DIGEST


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"[" * 100_000,
        b"{}",
        b'{"schemaVersion": 1}',
        _manifest(layers=None),
        _manifest(layers=[1]),
        _manifest(layers=[{"digest": "../../x", "size": 1}]),
        _manifest(layers=[{"digest": _DIGEST, "size": -1}]),
        _manifest(layers=[{"digest": _DIGEST, "size": True}]),
        _manifest(layers=[{"digest": _DIGEST, "size": 1}] * 20_000),
    ],
)
def test_what_is_no_manifest(body: bytes) -> None:
    with pytest.raises(ManifestError):
        manifests.parse(body)


def test_histories() -> None:
    document = {
        "history": [
            {"created": "2024-01-02T03:04:05.123456789+01:00", "created_by": "COPY .env /app"},
            {"created": "2024-01-02T03:04:05Z", "empty_layer": True},
            {"created": "1970-01-01T00:00:00Z"},
            {"created": "yesterday", "created_by": 7},
            "x",
        ]
    }
    assert manifests.histories(json.dumps(document).encode()) == (
        LayerHistory("2024-01-02T02:04:05Z", "COPY .env /app"),
        LayerHistory("", ""),
        LayerHistory("", ""),
    )
    assert manifests.histories(b"{}") == ()
