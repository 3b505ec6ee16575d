"""``akpatrol sweep --dask`` on clusters of this machine: the same report, no secret on the wire, nothing lost."""

from __future__ import annotations

import base64
import io
import json
import os
import zipfile
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.sweep.store.store import SweepStore
from tests import cluster
from tests.api_server import ApiServer, Member
from tests.credentials import organization_key, personal_access_token
from tests.program import Done, execute, finish, start
from tests.repositories import Repository
from tests.unit.sweep.tasks import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import trustme

_RANDOM = Random("sweeping with a cluster")
# Of two kinds, so that masks of both are met; the last one is in the name of a target itself.
SECRETS = [*(organization_key(_RANDOM) for _ in range(12)), personal_access_token(_RANDOM), organization_key(_RANDOM)]
_IN_PARTS = "import akpatrol.pipeline.sweep as sweep; undivided = sweep._scan_spec\n"
_IN_PARTS += "sweep._scan_spec = lambda *a: undivided(*a)._replace(part_bytes=200)"
_TAPPED = "from tests.wiretap import tap; tap({!r})"
_ALL_NAMED = "import akpatrol.sweep.work as work; import akpatrol.pipeline.sweep as sweep; make = sweep._scan_spec\n"
_ALL_NAMED += "sweep._scan_spec = lambda *a, **b: make(*a, **b)._replace(nameless=False)"


@pytest.fixture(scope="module")
def organization(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Secrets plain, encoded, packed, and in every kind of name and message."""
    root = tmp_path_factory.mktemp("organization")
    content, path, message, encoded, ref, inside, own, member, name, packed, tag, shared, token, target = SECRETS
    repository = Repository(root / "one")
    repository.commit_file("plain.env", f"KEY={content}\nOTHER={shared}\n")
    repository.commit_file(f"of/{path}/file", f"nothing {own} here\n", f"Take {message} and go")
    repository.commit_file("encoded", f"data: {base64.b64encode(f'KEY={encoded}'.encode()).decode()}\n")
    repository.commit_file("packed.zip", _zip({"plain.txt": f"KEY={packed}\n", f"{member}.gz": "\x1f\x8b\x08no"}))
    repository.git("branch", f"for-{ref}")
    repository.git("tag", "-a", "v1", "-m", f"With {tag}")
    repository.git("config", "remote.origin.url", f"https://x:{inside}@example.org/y")
    repository.git("repack", "-adq")  # what is packed can be divided
    other = Repository(root / "two", "--bare")
    other.git("fetch", "-q", str(repository.path), "main:main")
    for number in range(3):
        repository = Repository(root / f"three{number}")
        repository.commit_file("mcp.json", f'{{"url": "https://api.anyreach.ai/mcp/", "Authorization": "{token}"}}')
        repository.commit_file("again", f"number {number} {shared}\n")
        repository.git("repack", "-adq")
    files = root / "files"
    (files / name).mkdir(parents=True)
    (files / name / "inside").write_text(f"KEY={content}\n")
    (files / "packed.zip").write_bytes(_zip({f"{member}/deep": f"KEY={packed}\n"}))
    (files / "plain").write_text(f"a\n\nKEY={shared} and {own}\n")
    for number in range(300):
        (files / f"filler{number}").touch()
    (root / target).mkdir()
    (root / target / "file").write_text(f"KEY={own}\n")
    return root


def _zip(members: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text.encode("latin-1"))
    return buffer.getvalue()


class Tapped:
    """A cluster of two workers; everything that they and its clients sent is in ``sent``."""

    def __init__(self, running: cluster.RunningCluster, sent: Path) -> None:
        self.address = running.address
        self.sent = sent

    def taken(self) -> bytes:
        """Return what was sent since this was asked last."""
        data = b"".join(file.read_bytes() for file in self.sent.iterdir())
        for file in self.sent.iterdir():
            os.truncate(file, 0)
        return data


@pytest.fixture(scope="module")
def tapped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tapped]:
    directory = tmp_path_factory.mktemp("cluster")
    (directory / "sent").mkdir()
    with cluster.running(directory, 2, TAP=str(directory / "sent")) as running:
        yield Tapped(running, directory / "sent")


def _targets(organization: Path) -> list[Path]:
    return [organization / "files", organization / SECRETS[-1], organization]


def _swept(store: Path, targets: Sequence[Path], *how: str, patch: str = "", **variables: str) -> tuple[Done, Any]:
    root = str(Path(__file__).parents[2])
    arguments = ["sweep", "-f", "json", "--store", str(store), *how, *map(str, targets)]
    done = execute(
        *arguments,
        patch=patch,
        cwd=store.parent,
        variables={"PYTHONPATH": root, "DASK_DISTRIBUTED__COMM__COMPRESSION": "False", **variables},
    )
    return done, _told(json.loads(done.out)) if done.out else None


def _told(document: Any) -> Any:
    """Return a report without its times and without the order of its targets."""
    roots = {one["id"]: one["path"] for one in document["scan"]["targets"]}

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                name: roots.get(one, one) if name in ("target", "id") else plain(one)
                for name, one in value.items()
                if name not in ("started_at", "duration_seconds", "found_at")
            }
        return sorted(map(plain, value), key=repr) if isinstance(value, list) else value

    return plain(document)


@pytest.fixture(scope="module")
def alone(organization: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The report of one process."""
    done, told = _swept(tmp_path_factory.mktemp("alone") / "store", _targets(organization), "--jobs", "1")
    assert done.code == 1
    assert {one["redacted"] for one in told["credentials"]} >= {_masked(secret) for secret in SECRETS[:-1]}
    return told


def _masked(secret: str) -> str:
    prefix, _, body = secret.partition("_")
    return f"{prefix}_{body[:4]}***({len(secret)})"


def _forms(secret: str) -> Iterator[bytes]:
    """Yield a secret as it could be sent."""
    for text in (secret, secret.partition(".")[2] or secret[8:]):
        raw = text.encode()
        yield raw
        yield raw.hex().encode()
        for shift in range(3):
            yield base64.b64encode(b"\0" * shift + raw)[4:-4]


@pytest.mark.slow
@pytest.mark.parametrize("patch", ["", _IN_PARTS], ids=["whole targets", "divided targets"])
def test_the_same_report_and_no_secret_on_the_wire(
    patch: str, organization: Path, tapped: Tapped, alone: Any, tmp_path: Path
) -> None:
    tapped.taken()
    patch = f"{patch}\n{_TAPPED.format(str(tapped.sent))}"
    done, told = _swept(tmp_path / "store", _targets(organization), "--dask", tapped.address, "-q", patch=patch)
    assert told == alone
    assert done.err == b""
    sent = tapped.taken()
    assert any(one["fingerprint"].encode() in sent for one in alone["credentials"])
    assert [secret for secret in SECRETS for form in _forms(secret) if form in sent] == []
    assert [secret for secret in SECRETS if secret.encode() in (tmp_path / "store").read_bytes()] == []


def test_the_tap_would_show_a_secret(organization: Path, tapped: Tapped, tmp_path: Path) -> None:
    tapped.taken()
    patch = f"{_IN_PARTS}\n{_ALL_NAMED}"
    _swept(tmp_path / "store", [organization], "--dask", tapped.address, patch=patch)
    sent = tapped.taken()
    assert sum(secret.encode() in sent for secret in SECRETS) > 5


@pytest.mark.slow
def test_a_worker_is_killed_in_the_middle(organization: Path, alone: Any, tmp_path: Path) -> None:
    frail = tmp_path / "frail"
    with cluster.running(tmp_path, 2, FRAIL=str(frail)) as running:
        done, told = _swept(tmp_path / "store", _targets(organization), "--dask", running.address, "-q")
    assert frail.exists()
    assert told == alone
    assert done.err == b""


@pytest.mark.slow
def test_a_scheduler_goes_away_in_the_middle(organization: Path, alone: Any, tmp_path: Path) -> None:
    """What was read until then is in the store, and the next sweep goes on without a cluster."""
    stuck = Repository(tmp_path / "organization" / "stuck").path
    file, store = tmp_path / "begun", tmp_path / "store"
    with cluster.running(tmp_path, 2, STUCK=str(file)) as running:
        targets = map(str, [*_targets(organization), stuck])
        arguments = ["sweep", "--store", str(store), "--dask", running.address, *targets]
        process = start(*arguments, cwd=tmp_path)
        wait_for(file)
        wait_for(store)
        with SweepStore(str(store), create=False) as opened:
            while not opened.report().credentials:
                assert process.poll() is None
        running.kill()
        done = finish(process)
    assert done.code == 2
    assert done.out == b""
    assert b"the scheduler stopped" in done.err
    assert b"Traceback" not in done.err
    assert b"bug" not in done.err
    _, told = _swept(store, _targets(organization), "--jobs", "1")
    assert told["credentials"] == alone["credentials"]


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "127.0.0.1:9", "ws://127.0.0.1:9"])
def test_no_verification_over_an_open_wire(address: str, tmp_path: Path) -> None:
    done, _ = _swept(tmp_path / "store", [tmp_path], "--verify", "--dask", address)
    assert done.code == 2
    assert b"--verify with --dask requires a scheduler with TLS" in done.err
    assert not (tmp_path / "store").exists()


@pytest.mark.slow
def test_verification_over_tls(
    tmp_path: Path, authority: trustme.CA, certificate: trustme.LeafCert, serve: Callable[..., ApiServer], bundle: str
) -> None:
    key, dead = organization_key(_RANDOM), organization_key(_RANDOM)
    repository = Repository(tmp_path / "repository")
    repository.commit_file("file", f"KEY={key}\nDEAD={dead}\n")
    certificate.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "own.pem"))
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    tls = {
        f"DASK_DISTRIBUTED__COMM__TLS__{who}__{what}": str(tmp_path / "own.pem")
        for who in ("SCHEDULER", "WORKER", "CLIENT")
        for what in ("KEY", "CERT")
    } | {"DASK_DISTRIBUTED__COMM__TLS__CA_FILE": str(tmp_path / "authority.pem")}
    server = serve(members={key: Member()})
    (tmp_path / "sent").mkdir()
    with cluster.running(tmp_path, 1, "tls", TAP=str(tmp_path / "sent"), **tls) as running:
        assert running.address.startswith("tls://")
        how = ("--verify", "--api-url", server.url, "--ca-bundle", bundle, "--dask", running.address)
        done, told = _swept(tmp_path / "store", [repository.path], *how, **tls)
        without, _ = _swept(tmp_path / "other", [repository.path], "--dask", running.address)
    states = {one["redacted"]: one["verification"]["status"] for one in told["credentials"]}
    assert states == {_masked(key): "active", _masked(dead): "inactive"}
    assert done.code == 1
    assert without.code == 2
    assert b"no scheduler answers" in without.err
    assert key.encode() not in (tmp_path / "store").read_bytes()
