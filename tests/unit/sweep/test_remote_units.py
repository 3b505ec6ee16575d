"""Units of buckets and of registries with a worker elsewhere: no secret is sent, and nothing is lost."""

from __future__ import annotations

import pickle
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from akpatrol.config.limits import Limits
from akpatrol.model.scan import Confidence
from akpatrol.rules import rule_file
from akpatrol.sources.bucket import unit as bucket_unit
from akpatrol.sources.bucket.store import StoredObject
from akpatrol.sources.bucket.unit import BucketUnit
from akpatrol.sources.registry import client as registry_client
from akpatrol.sources.registry.manifests import BlobReference
from akpatrol.sources.registry.unit import LAYER, BlobUnit
from akpatrol.sweep import wire_redaction, work
from akpatrol.sweep.wire_redaction import RedactedResult
from akpatrol.sweep.work import ScanSpec
from tests.registry_server import tar
from tests.unit.sources.registry.peer import BASE, Peer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.scan.result import ScanResult
    from akpatrol.sources.base import Unit

_DAY = "2026-01-02T03:04:05Z"


@pytest.fixture
def spec() -> ScanSpec:
    return ScanSpec(rule_file.load(), Limits(), Confidence.MEDIUM, use_cache=False, nameless=True)


class _Objects:
    """A bucket in memory."""

    def __init__(self, **objects: str) -> None:
        self.objects = objects
        self.read_of: list[str] = []

    def read(self, stored: StoredObject, start: int, length: int) -> bytes:
        self.read_of.append(stored.key)
        return self.objects[stored.key].encode()[start : start + length]


def _sent(spec: ScanSpec, unit: Unit) -> ScanResult:
    """Return what another machine sends of a unit that it was sent."""
    received = pickle.loads(pickle.dumps(unit))  # noqa: S301 - made here
    examiner = work.examiner(spec)
    return wire_redaction.redacted(examiner, received, wire_redaction.read_unit(examiner, received))


def test_only_the_object_with_a_finding_is_read_again(
    spec: ScanSpec, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects = _Objects(one="nothing", two=f"ANYREACH_API_KEY={key}", three="nothing")

    @contextmanager
    def opened(_address: object) -> Iterator[_Objects]:
        yield objects

    monkeypatch.setattr(bucket_unit, "opened", opened)
    stored = tuple(StoredObject(name, len(text), "etag", _DAY) for name, text in objects.objects.items())
    unit = BucketUnit("0", "s3://leaks", stored)
    assert not work.reveals(spec, unit)
    sent = _sent(spec, unit)
    assert key.encode() not in pickle.dumps(sent)
    assert isinstance(sent, RedactedResult)
    objects.read_of.clear()
    (finding,) = wire_redaction.complete(work.examiner(spec), unit, sent).findings
    assert (finding.match.secret.reveal(), finding.origin.path) == (key.encode(), b"two")
    assert objects.read_of == ["two"]
    assert work.reveals(spec, unit._replace(objects=(stored[0]._replace(key=f"dump of {key}"),)))


def test_a_layer(spec: ScanSpec, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    peer = Peer()
    layer = tar({"app/.env": f"ANYREACH_API_KEY={key}".encode()})
    digest = peer.blob(layer)

    @contextmanager
    def opened(_base: str) -> Iterator[registry_client.RegistryClient]:
        yield peer.client()

    monkeypatch.setattr(registry_client, "opened", opened)
    unit = BlobUnit("0", BASE, "a", LAYER, BlobReference(digest, len(layer), ""))
    assert not work.reveals(spec, unit)
    sent = _sent(spec, unit)
    assert key.encode() not in pickle.dumps(sent)
    (finding,) = wire_redaction.complete(work.examiner(spec), unit, sent).findings
    assert finding.match.secret.reveal() == key.encode()
    assert finding.origin.containers == ("tar:app/.env",)
