"""Against servers that break the contract: never a wrong status, always in bounded time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import httpx
import pytest
import trustme

from akpatrol.errors import UsageError
from akpatrol.verify import VerifyOptions, verify_all
from tests.api_server import ApiServer, Member, RawServer
from tests.credentials import organization_key, personal_access_token
from tests.unit.verify.conftest import HASTY, IMPATIENT, make

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

    from tests.unit.verify.conftest import Verify

    Serve = Callable[..., ApiServer]

# Each ends in bounded time, on a busy machine too.
pytestmark = pytest.mark.timeout(30)


@pytest.fixture
def mixed(rng: Random) -> list[str]:
    """Return a live key, a deleted key, a live token, a deleted token: all four are random."""
    return [organization_key(rng), organization_key(rng), personal_access_token(rng), personal_access_token(rng)]


def members(mixed: list[str]) -> dict[str, Member]:
    return {mixed[0]: Member(), mixed[2]: Member(organizations=("org_1",))}


@pytest.mark.parametrize("organizations", [(), ("org_1",)])
@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("accepts_everything", "accepts a credential that cannot exist (200)"),
        ("forbids_everything", "accepts a credential that cannot exist (403)"),
        ("throttles", "limits the request rate (429)"),
        ("throttles_for_an_hour", "limits the request rate (429)"),
        ("fails", "failed (500)"),
        ("hangs", "in time"),
        ("drips", "in time"),
        ("endless", "(401) is not the API's"),
        ("portal", "(200) is not the API"),
        ("firewall", "(403) is not the API's"),
        ("breaks_half_way", "broke"),
    ],
)
def test_nothing_is_believed(
    serve: Serve, verify: Verify, mixed: list[str], behaviour: str, reason: str, organizations: tuple[str, ...]
) -> None:
    server = serve(behaviour, members(mixed))
    patience = HASTY if behaviour in {"hangs", "drips"} else {}
    found = verify(mixed, server, organizations=organizations, concurrency=4, **patience)
    assert {result.status for result in found} == {"unknown"}
    assert all(reason in result.reason for result in found)
    assert not [text for text in mixed if server.of(text)]


def test_missing_organization_claim_for_everyone(serve: Serve, verify: Verify, mixed: list[str]) -> None:
    server = serve("claims_everything", members(mixed))
    found = verify(mixed, server)
    assert [result.status for result in found] == ["unknown"] * 4
    assert all("Give --org" in result.reason for result in found[2:])
    assert verify.statuses(mixed, server, organizations=("org_1",)) == ["unknown"] * 4


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("accepts_half_way", "accepts a credential that cannot exist (200)"),
        ("breaks_half_way", "broke"),
        ("portal_half_way", "(200) is not the API"),
        ("firewall_half_way", "(403) is not the API's"),
    ],
)
def test_a_change_half_way_takes_back_what_was_learned(
    serve: Serve, verify: Verify, rng: Random, behaviour: str, reason: str
) -> None:
    texts = [organization_key(rng) for _ in range(5)]
    server = serve(behaviour, {texts[0]: Member()}, after=4)
    found = verify(texts, server, concurrency=1)
    assert [result.status for result in found] == ["unknown"] * 5
    assert all(reason in result.reason for result in found)
    assert not any(result.scopes or result.blast_radius for result in found)
    assert "active" in {result.status for _, result in verify.told}


def test_a_server_that_goes_away_is_not_asked_on(serve: Serve, verify: Verify, rng: Random) -> None:
    texts = [organization_key(rng) for _ in range(30)]
    server = serve("breaks_half_way", after=3)
    found = verify(texts, server, concurrency=1)
    assert {result.status for result in found} == {"unknown", "not_sent"}
    assert len(server.log) == 3 + 6 + 1
    assert found[-1].reason.startswith("The API stopped answering")


def test_a_server_that_goes_away_is_asked_about_six_credentials(serve: Serve, verify: Verify, rng: Random) -> None:
    texts, organizations = [personal_access_token(rng) for _ in range(8)], ("org_1", "org_2")
    server = serve("breaks_half_way", after=2)
    found = verify(texts, server, concurrency=1, organizations=organizations)
    assert [str(result.status) for result in found] == ["unknown"] * 6 + ["not_sent"] * 2
    assert len(server.log) == 2 + 2 * 6 + 2


def test_a_credential_that_a_server_fails_on_does_not_keep_others_from_being_sent(
    serve: Serve, verify: Verify, rng: Random
) -> None:
    texts = [personal_access_token(rng) for _ in range(3)]
    organizations = tuple(f"org_{number}" for number in range(8))
    server = serve("fails_on_one", {text: Member(organizations=organizations) for text in texts}, target=texts[0])
    found = verify(texts, server, concurrency=1, organizations=organizations, attempts=1)
    assert [str(result.status) for result in found] == ["unknown", "active", "active"]
    assert len(server.of(texts[0])) == 6
    assert [part.reason for part in found[0].organizations[5:]] == ["The server failed (500)."] + [
        "The API was not asked."
    ] * 2


def test_waits_as_long_as_it_is_told(serve: Serve, verify: Verify, key: str) -> None:
    server = serve("throttles_once", {key: Member()})
    assert verify.statuses([key], server) == ["active"]
    first, second = server.log[:2]
    assert first.credential == second.credential
    assert 1 <= second.time - first.time < 3


def test_asks_a_failing_server_again(serve: Serve, verify: Verify, rng: Random) -> None:
    live, deleted = organization_key(rng), organization_key(rng)
    server = serve("fails_once", {live: Member()})
    assert verify.statuses([live, deleted], server) == ["active", "inactive"]
    assert [len(server.of(text)) for text in (live, deleted)] == [3, 2]


def test_attempts_are_few(serve: Serve, verify: Verify, key: str) -> None:
    server = serve("throttles")
    verify([key], server)
    assert len(server.log) == 3
    server = serve("throttles_for_an_hour")
    verify([key], server)
    assert len(server.log) == 1


def test_ten_gigabytes_of_agents(serve: Serve, verify: Verify, rng: Random) -> None:
    live, deleted = organization_key(rng), organization_key(rng)
    server = serve("endless_list", {live: Member()})
    assert verify.statuses([live, deleted], server) == ["active", "inactive"]


def test_nothing_arrives_where_a_redirect_leads(serve: Serve, verify: Verify, mixed: list[str]) -> None:
    target = serve("accepts_everything")
    server = serve("redirects", members(mixed), target=target.url)
    found = verify(mixed, server)
    assert {result.status for result in found} == {"unknown"}
    assert all("redirect (307)" in result.reason for result in found)
    assert target.log == []


@pytest.mark.parametrize("names", [("localhost",), ("other.example",)], ids=["another authority", "another host"])
def test_wrong_certificate(verify: Verify, key: str, authority: trustme.CA, names: tuple[str, ...]) -> None:
    issuer = trustme.CA() if names == ("localhost",) else authority
    with ApiServer(members={key: Member()}).running(issuer.issue_cert(*names)) as server:
        (found,) = verify([key], server)
        assert (found.status, server.log) == ("unknown", [])
        assert "certificate" in found.reason


def test_the_system_store_alone_does_not_know_a_private_authority(serve: Serve, verify: Verify, key: str) -> None:
    server = serve(members={key: Member()})
    assert verify.statuses([key], server, ca_bundle=None) == ["unknown"]
    assert server.log == []


def test_the_system_store_can_be_named(serve: Serve, verify: Verify, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve(members={key: Member()})
    monkeypatch.setenv("SSL_CERT_FILE", verify.bundle)
    assert verify.statuses([key], server, ca_bundle=None) == ["active"]


def test_nobody_listens(verify: Verify, key: str) -> None:
    (found,) = verify([key], "https://localhost:9")
    assert (found.status, "cannot be reached" in found.reason) == ("unknown", True)


def drip(connection: socket.socket) -> None:
    for byte in b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX: " + b"x" * 9999:
        connection.sendall(bytes([byte]))
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("serving", "reason"),
    [
        (drip, "in time"),
        (lambda connection: connection.sendall(b"SSH-2.0-OpenSSH_9.9\r\n"), "broke"),
        (lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 2**20 + b"\r\n\r\n"), "broke"),
        (lambda _: None, "broke"),
    ],
    ids=["drips its headers", "speaks something else", "endless header", "closes at once"],
)
def test_no_http(
    verify: Verify, key: str, certificate: trustme.LeafCert, serving: Callable[[socket.socket], None], reason: str
) -> None:
    with RawServer(serving, certificate).running() as server:
        (found,) = verify([key], f"https://localhost:{server.port}", **IMPATIENT)
    assert found.status == "unknown"
    assert reason in found.reason


def test_no_tls(verify: Verify, key: str) -> None:
    with RawServer(lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n[]")).running() as server:
        (found,) = verify([key], f"https://localhost:{server.port}", **IMPATIENT)
    assert (found.status, "TLS" in found.reason) == ("unknown", True)
    assert key.encode() not in b"".join(server.received)


def test_a_handshake_that_never_ends(verify: Verify, key: str) -> None:
    with RawServer(lambda _: time.sleep(3)).running() as server:
        (found,) = verify([key], f"https://localhost:{server.port}", **HASTY)
    assert (found.status, "in time" in found.reason) == ("unknown", True)


@pytest.mark.parametrize(
    "status", ["407 Proxy Authentication Required", "502 Bad Gateway", "403 Forbidden", "302 Found"]
)
def test_a_proxys_error(verify: Verify, key: str, monkeypatch: pytest.MonkeyPatch, status: str) -> None:
    page = f"HTTP/1.1 {status}\r\nContent-Length: 6\r\nContent-Type: text/html\r\n\r\n<html>".encode()
    with RawServer(lambda connection: connection.sendall(page)).running() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        (found,) = verify([key], "https://api.invalid")
    assert (found.status, "proxy" in found.reason) == ("unknown", True)
    assert [block.split()[:2] for block in proxy.received] == [[b"CONNECT", b"api.invalid:443"]]
    assert b"uthorization" not in proxy.received[0]


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "nonsense://user:word@host"])
def test_a_proxy_that_cannot_be_used(verify: Verify, key: str, monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(UsageError, match="proxy") as caught:
        verify([key], "https://api.invalid")
    assert "word" not in repr(caught.value)


def test_a_wrong_wish_is_said_before_anything_is_sent(tmp_path: Path, verify: Verify, key: str) -> None:
    with pytest.raises(UsageError, match="--ca-bundle"):
        verify([key], "https://localhost:9", ca_bundle=str(tmp_path / "none.pem"))
    assert VerifyOptions().api_url == "https://api.anyreach.ai"


@pytest.mark.parametrize("error", [ValueError, RuntimeError, httpx.RemoteProtocolError, OSError])
def test_an_error_that_shows_the_credential_stays_inside(verify: Verify, key: str, error: type[Exception]) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error(request.headers["Authorization"])

    verify.texts.add(key)
    verified = verify_all([make(key)], VerifyOptions(), transport=httpx.MockTransport(fail))
    verify.said.append(repr(verified))
    assert [found.status for found in verified.results.values()] == ["unknown"]
