"""Against a server that keeps the contract: what is learned, and what exactly was sent."""

from __future__ import annotations

import signal
import threading
import time
from random import Random
from typing import TYPE_CHECKING

import pytest

from akpatrol import __version__
from akpatrol.kinds import CUSTOM
from akpatrol.kinds.organization_key import KIND as ORGANIZATION_KEY
from akpatrol.kinds.personal_access_token import KIND as PERSONAL_ACCESS_TOKEN
from akpatrol.model.scan import Attribution
from akpatrol.verify import verify_all
from akpatrol.verify.background import Background
from tests.api_server import AGENTS, SCOPES, ApiServer, Member
from tests.credentials import organization_key, personal_access_token
from tests.unit.verify.conftest import make

if TYPE_CHECKING:
    from collections.abc import Callable

    import trustme

    from akpatrol.model.credential import Credential, Verification
    from tests.unit.verify.conftest import Verify

    Serve = Callable[..., ApiServer]

ADMIN = ("members:manage", "conversations:read_sensitive", "child_organizations:manage", "new:thing")
RADIUS = (
    "acts on every descendant organization",
    "reads transcripts and recordings",
    "manages members",
    "new:thing",
)


def keys(number: int) -> list[str]:
    rng = Random(number)
    return [organization_key(rng) for _ in range(number)]


def test_live_narrow_and_deleted_keys(serve: Serve, verify: Verify, rng: Random) -> None:
    live, narrow, deleted = (organization_key(rng) for _ in range(3))
    server = serve(members={live: Member(ADMIN), narrow: Member((), narrow=True)})
    first, second, third = verify([live, narrow, deleted], server)
    assert (first.status, first.http_status, first.scopes, first.blast_radius) == ("active", 200, ADMIN, RADIUS)
    assert (second.status, second.http_status, second.scopes) == ("active", 403, ())
    assert (third.status, third.http_status, third.reason) == ("inactive", 401, "The API refuses it (401).")
    assert first.checked_at
    assert first.organizations == ()
    assert len(verify.told) == 3


def test_a_token_without_an_organization(serve: Serve, verify: Verify, rng: Random) -> None:
    live, deleted = personal_access_token(rng), personal_access_token(rng)
    server = serve(members={live: Member(organizations=("org_1",))})
    assert verify.statuses([live, deleted], server) == ["active", "inactive"]
    assert {logged.path for logged in server.log} == {AGENTS}
    assert {logged.organization for logged in server.log} == {None}


def test_a_token_without_an_organization_when_the_message_proves_nothing(
    serve: Serve, verify: Verify, token: str
) -> None:
    server = serve(members={token: Member(organizations=("org_1",))}, claim_for_all=True)
    (found,) = verify([token], server)
    assert found.status == "unknown"
    assert "--org" in found.reason
    assert server.of(token) == []


def test_a_token_in_each_organization(serve: Serve, verify: Verify, rng: Random) -> None:
    live, deleted = personal_access_token(rng), personal_access_token(rng)
    server = serve(members={live: Member(ADMIN, ("org_1",))}, claim_for_all=True)
    found, other = verify([live, deleted], server, organizations=("org_1", "org_2", "org_1"))
    assert found.status == "active"
    assert found.scopes == ADMIN
    assert [(part.organization, part.status, part.http_status) for part in found.organizations] == [
        ("org_1", "active", 200),
        ("org_2", "active", 403),
    ]
    assert found.organizations[0].blast_radius == RADIUS
    assert (other.status, other.reason) == ("inactive", "In org_1: The API refuses it (401).")
    assert [(logged.path, logged.organization) for logged in server.of(live)] == [
        (AGENTS, "org_1"),
        (SCOPES, "org_1"),
        (AGENTS, "org_2"),
        (SCOPES, "org_2"),
    ]


def test_a_key_never_names_an_organization(serve: Serve, verify: Verify, key: str) -> None:
    server = serve(members={key: Member()})
    assert verify.statuses([key], server, organizations=("org_1",)) == ["active"]
    assert {logged.organization for logged in server.log} == {None}


def test_each_credential_is_sent_once_between_two_controls(serve: Serve, verify: Verify) -> None:
    texts = keys(12)
    server = serve(members={text: Member() for text in texts[:6]})
    assert verify.statuses(texts * 3, server) == (["active"] * 6 + ["inactive"] * 6) * 3
    assert [len(server.of(text)) for text in texts] == [2] * 6 + [1] * 6
    first, *between, last = server.log
    assert server.controls == [first, last]
    assert first.credential != last.credential
    assert len(between) == 18


def test_no_scopes(serve: Serve, verify: Verify, key: str) -> None:
    server = serve(members={key: Member()})
    (found,) = verify([key], server, scopes=False)
    assert found.status == "active"
    assert [logged.path for logged in server.of(key)] == [AGENTS]


def test_a_key_of_an_organization_with_many_agents(serve: Serve, verify: Verify, rng: Random) -> None:
    live, deleted = organization_key(rng), organization_key(rng)
    server = serve(members={live: Member()}, agents=2000)
    assert verify.statuses([live, deleted], server) == ["active", "inactive"]


def test_the_rate(serve: Serve, verify: Verify) -> None:
    server = serve()
    verify(keys(8), server, rps=20, concurrency=4)
    times = [logged.time for logged in server.log]
    assert len(times) == 10
    assert times[-1] - times[0] >= 0.9 * 9 / 20


def test_what_is_said_of_ourselves(serve: Serve, verify: Verify, key: str) -> None:
    server = serve(members={key: Member()})
    verify([key], server)
    assert {logged.headers["user-agent"] for logged in server.log} == {
        f"akpatrol/{__version__} (+https://github.com/akpatrol/akpatrol)"
    }
    assert {name for logged in server.log for name in logged.headers} == {
        "host", "accept", "accept-encoding", "connection", "user-agent", "authorization"
    }  # fmt: skip


def test_what_must_not_be_sent_never_arrives(serve: Serve, verify: Verify, rng: Random) -> None:
    bare, foreign = personal_access_token(rng), "sk_" + organization_key(rng)
    own = organization_key(rng)
    server = serve()
    credentials = [
        make(bare, attribution=Attribution.OPEN),
        make(foreign, kind=ORGANIZATION_KEY),
        make(own, kind=CUSTOM),
    ]
    verified = verify.credentials(credentials, verify.options(server))
    assert [found.status for found in verified.results.values()] == ["not_sent"] * 3
    assert "another vendor" in verified.results[PERSONAL_ACCESS_TOKEN, credentials[0].secret].reason
    assert server.log == []
    verified = verify.credentials(credentials, verify.options(server, send_unattributed=True))
    assert [found.status for found in verified.results.values()] == ["inactive", "not_sent", "not_sent"]
    assert len(server.of(bare)) == 1
    assert len(server.log) == 3


def test_plain_http_to_this_machine_goes_through_no_proxy(
    verify: Verify, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with ApiServer(members={key: Member()}).running(None) as server:
        assert verify.statuses([key], f"http://127.0.0.1:{server.port}") == ["active"]


def test_what_was_given_out_is_not_lost(serve: Serve, verify: Verify, key: str) -> None:
    """An interrupt may come before the caller has taken it in."""
    batch = Background([make(key)], verify.options(serve(members={key: Member()})), None)
    given = list(batch)
    assert batch.stop() == given != []


def test_ctrl_c_keeps_what_was_learned(serve: Serve, verify: Verify) -> None:
    texts = keys(9)
    # Control, then two requests for each of three live keys; the fourth key is left hanging.
    server = serve("hangs_half_way", {text: Member() for text in texts[:3]}, after=7)
    found = [make(text) for text in texts]

    def interrupt() -> None:
        while len(server.log) < 8:
            time.sleep(0.01)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    user = threading.Thread(target=interrupt)
    user.start()
    verified = verify.credentials(found, verify.options(server, concurrency=1, read_seconds=300, total_seconds=300))
    user.join()
    assert verified.interrupted
    results = [verified.results[credential.kind, credential.secret] for credential in found]
    assert [result.status for result in results] == ["active"] * 3 + ["unknown"] + ["not_sent"] * 5
    assert all("checked a second time" in result.reason for result in results[:3])
    assert results[3].reason == "Interrupted while the API was being asked."
    assert results[4].reason == "Interrupted before it was sent."
    assert not server.of(texts[-1])


def test_an_error_of_the_caller_ends_the_batch(serve: Serve, verify: Verify) -> None:
    texts = keys(5)
    server = serve()

    def fail(_credential: Credential, _verification: Verification) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        verify_all([make(text) for text in texts], verify.options(server, rps=20), fail)
    assert len(server.log) < 7


def test_a_server_by_address(verify: Verify, key: str, certificate: trustme.LeafCert) -> None:
    with ApiServer(members={key: Member()}).running(certificate) as server:
        assert verify.statuses([key], f"https://127.0.0.1:{server.port}/") == ["active"]
