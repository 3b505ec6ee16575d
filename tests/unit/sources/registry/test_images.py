"""The images of a repository and what is kept of them: what was not read is neither known nor counted."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from akpatrol.cache.scan_cache import ScanCache
from akpatrol.config.limits import Limits
from akpatrol.model.scan import Target
from akpatrol.rules import rule_file
from akpatrol.scan import execute
from akpatrol.scan.examine import Examiner
from akpatrol.scan.result import ScanResult
from akpatrol.sources.registry import client, source
from akpatrol.sources.registry.source import ImagesSource
from tests.unit.sources.registry.peer import BASE, BrokenStream, Peer
from tests.unit.sources.registry.test_catalogue import hold

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from akpatrol.sources.registry.client import RegistryClient

_EXAMINER = Examiner(rule_file.load(), Limits())
_LAYER = b"a layer without an archive" * 100


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Peer:
    own = Peer()

    @contextmanager
    def opened(_base: str) -> Iterator[RegistryClient]:
        yield own.client()

    monkeypatch.setattr(source, "opened", opened)
    monkeypatch.setattr(client, "opened", opened)
    return own


def scanned(directory: Path) -> ScanResult:
    result = ScanResult()
    images = ImagesSource(Target("0", "images", f"{BASE}/a:v1"), lambda *_: False, ScanCache(str(directory)))
    images.load_cached("conditions")
    execute.read(images, _EXAMINER, result, 1, lambda _: None)
    return result


@pytest.mark.parametrize("sent", [0, 1000])
def test_a_layer_that_was_not_read_is_counted_when_it_is(peer: Peer, tmp_path: Path, sent: int) -> None:
    """Whether its connection broke before the first byte or in the middle; read once, it is known."""
    layer = peer.blob(_LAYER)
    hold(peer, {"layers": [{"digest": layer, "size": len(_LAYER)}]}, "v1")
    path = f"/v2/a/blobs/{layer}"

    def broken(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=BrokenStream(_LAYER[:sent], breaks=True)) if sent else httpx.Response(500)

    peer.answers[path] = broken
    first = scanned(tmp_path)
    assert len(first.skipped) == 1
    del peer.answers[path]
    second, asked = scanned(tmp_path), len(peer.asked)
    third = scanned(tmp_path)
    assert [(read.counts["layers"], read.size, read.skipped) for read in (second, third)] == [(1, len(_LAYER), [])] * 2
    assert not any(request.url.path == path for request in peer.asked[asked:])
