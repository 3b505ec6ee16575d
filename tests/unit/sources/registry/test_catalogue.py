"""What a registry lists, as hostile as it may be."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import httpx
import pytest

from akpatrol.sources.registry import catalogue, manifests
from akpatrol.sources.registry.client import RegistryError
from tests.unit.sources.registry.peer import Peer, listed


def hold(peer: Peer, document: Any, reference: str = "") -> dict[str, Any]:
    """Let a registry hold a manifest, and return a reference to it."""
    body = json.dumps(document).encode()
    digest = f"sha256:{sha256(body).hexdigest()}"
    for name in (digest, *([reference] if reference else [])):
        peer.answers[f"/v2/a/manifests/{name}"] = lambda _: httpx.Response(200, content=body)
    return {"digest": digest, "size": len(body)}


def image(peer: Peer, name: str) -> dict[str, Any]:
    return hold(peer, {"layers": [], "annotations": {"name": name}})


def test_an_index_of_indexes_of_indexes_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "_MOST_IMAGES", 50)
    peer = Peer()
    below = [image(peer, str(number)) for number in range(20)]
    for _ in range(2):
        below = [hold(peer, {"manifests": below, "annotations": {"n": n}}) for n in range(20)]
    hold(peer, {"manifests": below}, "latest")
    found = list(catalogue.images(peer.client(), "a", "latest"))
    assert sum(isinstance(one, catalogue.FoundImage) for one in found) <= 50
    assert len(peer.asked) < 100
    assert found[-1] == "an index of more than 50 images, of which the others are not read"


def test_indexes_may_only_be_so_deep() -> None:
    peer = Peer()
    below = image(peer, "lowest")
    for _ in range(10):
        below = hold(peer, {"manifests": [below]}, "latest")
    (found,) = catalogue.images(peer.client(), "a", "latest")
    assert isinstance(found, str)
    assert "too many others" in found


def test_a_manifest_that_is_not_the_one_of_its_digest() -> None:
    peer = Peer()
    wanted = image(peer, "wanted")
    hold(peer, {"manifests": [wanted]}, "latest")
    peer.answers[f"/v2/a/manifests/{wanted['digest']}"] = listed({"layers": []})
    (found,) = catalogue.images(peer.client(), "a", "latest")
    assert isinstance(found, str)
    assert "not those of its digest" in found


def test_a_digest_that_the_server_does_not_say_is_computed() -> None:
    peer = Peer()
    held = hold(peer, {"layers": []}, "latest")
    assert catalogue.digest_of(peer.client(), "a", "latest") == held["digest"]


def test_names_that_cannot_be_asked_for() -> None:
    peer = Peer()
    peer.answers["/v2/_catalog?n=1000"] = listed({"repositories": ["fine", "../../etc"]})
    names = catalogue.repositories(peer.client())
    assert next(names) == "fine"
    with pytest.raises(RegistryError, match="cannot be asked for"):
        next(names)
    peer.answers["/v2/a/tags/list?n=1000"] = listed({"name": "a", "tags": None})
    assert list(catalogue.tags(peer.client(), "a")) == []
    assert manifests.names(b'{"tags": []}', "tags") == ()
