"""The client of a registry: its host, its tokens, its bounds, and what breaks."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import httpx
import pytest

from akpatrol.sources.registry.client import NotInRegistryError, RegistryError
from tests.unit.sources.registry.peer import BASE, ORIGIN, BrokenStream, Peer, listed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from akpatrol.sources.registry.client import RegistryClient

_LOGIN = {
    "AKPATROL_REGISTRY_HOST": "registry.example.org",
    "AKPATROL_REGISTRY_USER": "user",
    "AKPATROL_REGISTRY_PASSWORD": "a password for tests",
}
_BASIC = "Basic " + base64.b64encode(b"user:a password for tests").decode()


def whole(client: RegistryClient, digest: str) -> bytes:
    return b"".join(client.blob(f"/v2/a/blobs/{digest}"))


def test_a_token_that_expires_in_the_middle() -> None:
    peer = Peer(requests_a_token=3)
    digests = [peer.blob(bytes([number]) * 5000) for number in range(8)]
    client = peer.client(**_LOGIN)
    assert [whole(client, digest)[:1] for digest in digests] == [bytes([number]) for number in range(8)]
    assert peer.tokens == 3


def test_the_password_goes_to_the_server_of_tokens_alone() -> None:
    peer = Peer(requests_a_token=100)
    whole(peer.client(**_LOGIN), peer.blob(b"x"))
    sent = {request.url.host: request.headers.get("authorization", "") for request in peer.asked}
    assert sent["tokens.example.org"] == _BASIC
    assert sent["registry.example.org"] == "Bearer token-1"


def test_a_login_is_for_the_host_that_it_names() -> None:
    peer = Peer(requests_a_token=100)
    whole(peer.client(**{**_LOGIN, "AKPATROL_REGISTRY_HOST": "other.example.org"}), peer.blob(b"x"))
    assert "authorization" not in next(one for one in peer.asked if one.url.host == "tokens.example.org").headers


@pytest.mark.parametrize(
    "realm", ["http://tokens.example.org/token", "http://127.0.0.1/token", "file:///etc/passwd", "", "https://[x"]
)
def test_no_password_is_sent_without_https(realm: str) -> None:
    peer = Peer()
    peer.answers["/v2/a/blobs/x"] = lambda _: httpx.Response(
        401, headers={"www-authenticate": f'Bearer realm="{realm}"'}
    )
    with pytest.raises(RegistryError):
        b"".join(peer.client(**_LOGIN).blob("/v2/a/blobs/x"))
    assert {request.url.host for request in peer.asked} <= {"registry.example.org"}
    assert not any("authorization" in request.headers for request in peer.asked)


def test_a_blob_on_another_host_is_asked_for_without_the_credentials() -> None:
    peer = Peer(requests_a_token=100)
    digest = peer.blob(b"stored elsewhere")
    peer.answers["/v2/a/blobs/x"] = lambda _: httpx.Response(
        307, headers={"location": f"https://store.example.net/{digest}"}
    )
    assert b"".join(peer.client(**_LOGIN).blob("/v2/a/blobs/x")) == b"stored elsewhere"
    (elsewhere,) = (request for request in peer.asked if request.url.host == "store.example.net")
    assert "authorization" not in elsewhere.headers


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/v2/a/blobs/x", "http://store.example.net/x"),
        ("/v2/a/manifests/x", "https://store.example.net/x"),
        ("/v2/a/blobs/x", "ftp://store.example.net/x"),
    ],
)
def test_other_redirects_are_refused(path: str, location: str) -> None:
    peer = Peer()
    peer.answers[path] = lambda _: httpx.Response(307, headers={"location": location})
    with pytest.raises(RegistryError, match="redirects to another host"):
        peer.client().document("GET", path)
    assert {request.url.host for request in peer.asked} == {"registry.example.org"}


@pytest.mark.parametrize("location", ["https://[x", "//[", "https://a:b:c/", "\x00", "https://" + 70_000 * "a"])
def test_redirects_to_no_address(location: str) -> None:
    peer = Peer()
    peer.answers["/v2/a/blobs/x"] = lambda _: httpx.Response(307, headers={"location": location})
    with pytest.raises(RegistryError):
        b"".join(peer.client().blob("/v2/a/blobs/x"))
    peer.answers["/v2/_catalog?n=1000"] = lambda _: httpx.Response(
        200, headers={"link": f'<{location}>; rel="next"'}, content=b"{}"
    )
    with pytest.raises(RegistryError):
        list(peer.client().names("/v2/_catalog"))


def test_redirects_that_never_end() -> None:
    peer = Peer()
    peer.answers["/v2/a/blobs/x"] = lambda _: httpx.Response(307, headers={"location": "/v2/a/blobs/x"})
    with pytest.raises(RegistryError, match="307"):
        b"".join(peer.client().blob("/v2/a/blobs/x"))
    assert len(peer.asked) < 10


def test_a_connection_that_breaks_goes_on_where_it_was() -> None:
    peer, data = Peer(), bytes(range(256)) * 40
    breaks = iter([3000, 7000, 10240])

    def some(request: httpx.Request) -> httpx.Response:
        start = int(request.headers.get("range", "bytes=0-")[6:].rstrip("-"))
        end = next(breaks)
        return httpx.Response(206 if start else 200, stream=BrokenStream(data[start:end], breaks=end < len(data)))

    peer.answers["/v2/a/blobs/x"] = some
    assert b"".join(peer.client().blob("/v2/a/blobs/x")) == data
    assert [request.headers.get("range") for request in peer.asked] == [None, "bytes=3000-", "bytes=7000-"]


def test_a_server_without_ranges_sends_all_again() -> None:
    peer, data = Peer(), bytes(range(256)) * 40
    ends = iter([3000, len(data)])

    def some(_request: httpx.Request) -> httpx.Response:
        end = next(ends)
        return httpx.Response(200, stream=BrokenStream(data[:end], breaks=end < len(data)))

    peer.answers["/v2/a/blobs/x"] = some
    assert b"".join(peer.client().blob("/v2/a/blobs/x")) == data


def test_a_registry_that_dies_is_not_waited_for_again_and_again() -> None:
    def dead(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    peer = Peer()
    client = peer.client()
    peer.answers = {f"/v2/a/manifests/{number}": dead for number in range(100)}
    said = []
    for path in peer.answers:
        with pytest.raises(RegistryError) as caught:
            client.document("GET", path)
        said.append(str(caught.value))
    assert said[0] == "the registry cannot be reached: ConnectError"
    assert said[-1] == "the registry no longer answers"
    assert len(peer.asked) == 4
    peer.now += 61
    peer.answers["/v2/a/manifests/0"] = listed({})
    client.document("GET", "/v2/a/manifests/0")


def test_a_gigabyte_of_json() -> None:
    class Endless(httpx.SyncByteStream):
        sent = 0

        def __iter__(self) -> Iterator[bytes]:
            while self.sent < 1 << 30:
                Endless.sent += 1 << 20
                yield b" " * (1 << 20)

    peer = Peer()
    peer.answers["/v2/_catalog?n=1000"] = lambda _: httpx.Response(200, stream=Endless())
    with pytest.raises(RegistryError, match="too long an answer"):
        next(peer.client().names("/v2/_catalog"))
    assert Endless.sent < 40 << 20


def test_pages_that_never_end() -> None:
    peer = Peer()
    link = {"link": '</v2/_catalog?n=1000>; rel="next"'}
    peer.answers["/v2/_catalog?n=1000"] = lambda _: httpx.Response(200, headers=link, content=b"{}")
    with pytest.raises(RegistryError, match="too many pages"):
        list(peer.client().names("/v2/_catalog"))


def test_a_next_page_on_another_host() -> None:
    peer = Peer()
    link = {"link": '<https://elsewhere.example.net/v2/_catalog>; rel="next"'}
    peer.answers["/v2/_catalog?n=1000"] = lambda _: httpx.Response(200, headers=link, content=b"{}")
    with pytest.raises(RegistryError, match="another host"):
        list(peer.client().names("/v2/_catalog"))


def test_pages_are_followed() -> None:
    peer = Peer()
    link = {"link": '</v2/_catalog?n=1000&last=b>; rel="next"'}
    peer.answers["/v2/_catalog?n=1000"] = lambda _: httpx.Response(200, headers=link, content=b'["a"]')
    peer.answers["/v2/_catalog?n=1000&last=b"] = listed(["c"])
    assert [json.loads(page) for page in peer.client().names("/v2/_catalog")] == [["a"], ["c"]]


def test_it_waits_as_the_registry_asks() -> None:
    answers = iter([httpx.Response(429, headers={"retry-after": "7"}), httpx.Response(503), httpx.Response(200)])
    peer = Peer()
    peer.answers["/v2/a/tags/list"] = lambda _: next(answers)
    peer.client().document("GET", "/v2/a/tags/list")
    assert peer.waits == [7.0, 2.0]


def test_it_does_not_wait_for_a_day() -> None:
    peer = Peer()
    peer.answers["/v2/a/tags/list"] = lambda _: httpx.Response(429, headers={"retry-after": "86400"})
    with pytest.raises(RegistryError, match="too long"):
        peer.client().document("GET", "/v2/a/tags/list")
    assert peer.waits == []


def test_refusals(tmp_path: Path) -> None:
    peer = Peer()
    client = peer.client()
    with pytest.raises(NotInRegistryError):
        client.document("GET", "/v2/nothing/tags/list")
    peer.answers["/v2/a/tags/list"] = lambda _: httpx.Response(403)
    with pytest.raises(RegistryError, match=r"refuses access .403.: set AKPATROL_REGISTRY_HOST"):
        client.document("GET", "/v2/a/tags/list")
    (tmp_path / "config.json").write_text('{"credsStore": "helper"}')
    with pytest.raises(RegistryError, match="is not run"):
        peer.client(DOCKER_CONFIG=str(tmp_path)).document("GET", "/v2/a/tags/list")
    with pytest.raises(RegistryError, match=r"refuses access .403.$"):
        peer.client(**_LOGIN).document("GET", "/v2/a/tags/list")


def test_only_the_registry_is_asked() -> None:
    peer = Peer()
    whole(peer.client(), peer.blob(b"x"))
    assert [str(request.url).startswith(ORIGIN) for request in peer.asked] == [True]
    assert BASE.endswith(peer.asked[0].url.host)
