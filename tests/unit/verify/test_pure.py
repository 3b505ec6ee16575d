"""Controls, eligibility, scopes, consequences and options: no server needed."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.errors import ExitCode, UsageError
from akpatrol.kinds import CUSTOM, CredentialKind
from akpatrol.kinds.organization_key import KIND as ORGANIZATION_KEY
from akpatrol.kinds.personal_access_token import KIND as PERSONAL_ACCESS_TOKEN
from akpatrol.model.credential import VerificationStatus
from akpatrol.model.scan import Attribution, End, Secret, Severity, State
from akpatrol.verify import VerifyOptions, check
from akpatrol.verify.consequences import attribution, exit_code_of_live, severity
from akpatrol.verify.control import MARKER, forge, is_control
from akpatrol.verify.options import address
from akpatrol.verify.scopes import blast_radius
from akpatrol.verify.send_policy import MISSHAPEN, UNATTRIBUTED, UNCERTAIN, why_not_sent
from tests.credentials import ALPHABETS, organization_key, personal_access_token
from tests.unit.verify.conftest import make

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

ACTIVE, INACTIVE, UNKNOWN, NOT_SENT = VerificationStatus


@pytest.mark.parametrize("name", ALPHABETS)
@pytest.mark.parametrize("length", [24, 40, 64])
def test_a_control_has_the_shape_of_what_it_stands_for(rng: Random, name: str, length: int) -> None:
    token = personal_access_token(rng, alphabet_name=name, length=length)
    key = organization_key(rng, id_alphabet=name, id_length=20, secret_length=length)
    for kind, text in ((PERSONAL_ACCESS_TOKEN, token), (ORGANIZATION_KEY, key)):
        control = forge(kind, Secret(text.encode()))
        forged = control.reveal().decode()
        assert is_control(kind, control)
        assert forged.partition("_")[2].startswith(MARKER)
        assert forged.count(".") == text.count(".")
        assert len(forged) == max(len(text), len(f"pat_{MARKER}") + 20)
        assert set(forged.partition(MARKER)[2].replace(".", "").lower()) <= set(
            "0123456789abcdefghijklmnopqrstuvwxyz-_"
        )


def test_controls_are_never_the_same(key: str) -> None:
    assert len({forge(ORGANIZATION_KEY, Secret(key.encode())) for _ in range(50)}) == 50


@pytest.mark.parametrize("text", ["ak_.", "ak_x.", "pat_", "pat_x", "ak_a.b"])
def test_a_control_is_random_enough_whatever_it_stands_for(text: str) -> None:
    assert len(forge(make(text).kind, Secret(text.encode())).reveal()) >= len(f"ak_{MARKER}") + 20


def test_who_may_be_sent(key: str, token: str) -> None:
    assert why_not_sent(make(key), send_unattributed=False) is None
    assert why_not_sent(make(token), send_unattributed=False) is None
    bare = make(token, attribution=Attribution.OPEN)
    assert why_not_sent(bare, send_unattributed=False) == UNATTRIBUTED
    assert why_not_sent(bare, send_unattributed=True) is None
    assert why_not_sent(make(key, kind=CUSTOM), send_unattributed=True)
    assert why_not_sent(make(forge(ORGANIZATION_KEY, Secret(key.encode())).reveal().decode()), send_unattributed=True)


@pytest.mark.parametrize(
    "text", ["sk_live_1", "ak_nodot", "github_pat_1", "ak_a.b\r\nX: y", "ak_a.b c", "ak_a.é", "ak_a." + "x" * 2000]
)
@pytest.mark.parametrize("kind", [ORGANIZATION_KEY, PERSONAL_ACCESS_TOKEN])
def test_a_rule_cannot_have_another_secret_sent(text: str, kind: CredentialKind) -> None:
    assert why_not_sent(make(text, kind=kind), send_unattributed=True) == MISSHAPEN


def test_what_ends_nobody_knows_where_is_not_sent(key: str) -> None:
    assert why_not_sent(make(key)._replace(end=End.UNCERTAIN), send_unattributed=True) == UNCERTAIN


def test_blast_radius() -> None:
    scopes = ["zones:read", "members:read", "conversations:read_sensitive", "child_organizations:manage", "calls:dial"]
    assert blast_radius(scopes) == (
        "acts on every descendant organization",
        "reads transcripts and recordings",
        "places calls",
        "reads the list of members",
        "zones:read",
    )
    assert blast_radius([]) == ()


def test_consequences() -> None:
    assert severity(Severity.MEDIUM, State.REMOVED, ACTIVE) is Severity.CRITICAL
    assert severity(Severity.LOW, State.IGNORED, ACTIVE) is Severity.LOW
    assert severity(Severity.HIGH, State.WORKTREE, INACTIVE) is Severity.LOW
    assert severity(Severity.HIGH, State.WORKTREE, UNKNOWN) is Severity.HIGH
    assert attribution(Attribution.OPEN, ACTIVE) is Attribution.CONFIRMED
    assert attribution(Attribution.OPEN, INACTIVE) is Attribution.OPEN


@pytest.mark.parametrize(
    ("statuses", "code"),
    [
        ([], ExitCode.CLEAN),
        ([INACTIVE], ExitCode.CLEAN),
        ([INACTIVE, UNKNOWN], ExitCode.INCOMPLETE),
        ([NOT_SENT], ExitCode.INCOMPLETE),
        ([NOT_SENT, UNKNOWN, ACTIVE], ExitCode.FINDINGS),
    ],
)
def test_fail_on_live(statuses: list[VerificationStatus], code: ExitCode) -> None:
    assert exit_code_of_live(statuses) is code


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example",
        "https://api.example:8443/prefix/",
        "http://localhost:1",
        "http://127.0.0.9",
        "http://[::1]:80",
    ],
)
def test_addresses(url: str) -> None:
    assert address(url).base == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.example",
        "http://api.example",
        "http://127.0.0.1.example",
        "http://localhost.example",
        "http://10.0.0.1",
        "https://user:word@api.example",
        "https://api.example\\@other.example",
        "https://api.example?a",
        "https://api.example#a",
        "https://api.example:99999",
        "https://",
        "https://api.example/%2e",
        "https://exa mple",
        "https://[fe80::1%25eth0]",
        "ftp://localhost",
        "file:///etc/passwd",
    ],
)
def test_wrong_addresses(url: str) -> None:
    with pytest.raises(UsageError, match="--api-url"):
        check(VerifyOptions(api_url=url))


@pytest.mark.parametrize("organization", ["", "org 1", "org_1\r\nX: y", "örg"])
def test_wrong_organizations(organization: str) -> None:
    with pytest.raises(UsageError, match="--org"):
        check(VerifyOptions(organizations=(organization,)))


@pytest.mark.parametrize("changed", [{"rps": 0.0}, {"rps": float("nan")}, {"concurrency": 0}, {"total_seconds": -1.0}])
def test_wrong_numbers(changed: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=next(iter(changed))):
        check(VerifyOptions()._replace(**changed))


def test_wrong_bundles(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nothing\.pem: No such file"):
        check(VerifyOptions(ca_bundle=str(tmp_path / "nothing.pem")))
    file = tmp_path / "bundle.pem"
    file.write_text("not a certificate")
    with pytest.raises(UsageError, match=re.escape(f"{file}: not a file of PEM")):
        check(VerifyOptions(ca_bundle=str(file)))


def test_the_network_library_is_imported_only_to_ask() -> None:
    code = (
        "import sys, akpatrol.verify, akpatrol.verify.inventory, akpatrol.verify.consequences\n"
        "akpatrol.verify.check(akpatrol.verify.VerifyOptions())\n"
        "akpatrol.verify.verify_all([], akpatrol.verify.VerifyOptions())\n"
        "print(sorted({'httpx', 'httpcore', 'tenacity', 'asyncio', 'anyio', 'ssl', 'socket'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
