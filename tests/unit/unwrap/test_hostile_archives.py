"""Archives that are cut off or changed anywhere: what is in them is found, or the scan says that something is not."""

from __future__ import annotations

import gzip
import random
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from akpatrol.model.credential import RawFinding
from akpatrol.model.scan import Content, Origin, Skipped
from akpatrol.rules.rule_file import load
from akpatrol.scan.examine import Examiner
from akpatrol.unwrap.containers.recognise import kind_of
from tests.corpus.foreign import cab_bytes, rar_bytes, seven_zip_bytes
from tests.corpus.iso_image import iso_bytes
from tests.corpus.packing import cpio_bytes, rpm_bytes
from tests.credentials import organization_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_KEY = organization_key(random.Random(5))
_FILES = {
    "etc/motd": random.Random(6).randbytes(900),
    "etc/app.env": f"# of the service\nKEY={_KEY}\n".encode(),
    "etc/last": random.Random(7).randbytes(300),
}
# Plain text in a container is found in the container's own bytes too; compressed text is not.
_PACKED = {"etc/motd": _FILES["etc/motd"], "etc/app.gz": gzip.compress(_FILES["etc/app.env"], mtime=0)}
_MAKERS: dict[str, Callable[[], bytes]] = {
    "newc": lambda: cpio_bytes(_FILES),
    "odc": lambda: cpio_bytes(_FILES, "odc"),
    "old": lambda: cpio_bytes(_FILES, "bin"),
    "rpm": lambda: rpm_bytes(gzip.compress(cpio_bytes(_FILES), mtime=0), b"example\0"),
    "rock": lambda: iso_bytes(_FILES),
    "newc of gzip": lambda: cpio_bytes(_PACKED),
    "odc of gzip": lambda: cpio_bytes(_PACKED, "odc"),
    "old of gzip": lambda: cpio_bytes(_PACKED, "bin"),
    "rock of gzip": lambda: iso_bytes(_PACKED),
    "joliet of gzip": lambda: iso_bytes(_PACKED, "joliet"),
    "joliet": lambda: iso_bytes(_FILES, "joliet"),
}
_MUTATIONS = 150
# libarchive costs a process each time.
_BY_LIBARCHIVE: dict[str, Callable[[], bytes]] = {
    "rar": lambda: rar_bytes(_PACKED),
    "cab": lambda: cab_bytes(_FILES),
    "7z": lambda: seven_zip_bytes(_PACKED),
}


@cache
def _examiner() -> Examiner:
    return Examiner(load())


def _found_or_told(data: bytes) -> bool:
    items = list(_examiner().examine_item(Content(Origin("target", path=b"file"), data, size=len(data))))
    found = any(isinstance(item, RawFinding) and item.match.secret.reveal() == _KEY.encode() for item in items)
    return found or any(isinstance(item, Skipped) for item in items)


def _mutated(data: bytes, rng: random.Random) -> Iterator[bytes]:
    """Yield changes anywhere but in the credential, or in what it is compressed to, which are others then."""
    keep = max((_KEY.encode(), _PACKED["etc/app.gz"]), key=data.find)
    at = data.find(keep)
    places = [place for place in range(len(data)) if data[place] or rng.random() < 0.02]
    for _ in range(_MUTATIONS):
        changed = bytearray(data)
        for place in rng.sample(places, rng.choice((1, 2, 5))):
            if at < 0 or not at <= place < at + len(keep):
                changed[place] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, changed[place] ^ 1 << rng.randrange(8)))
        yield bytes(changed)


@pytest.mark.parametrize("form", _MAKERS)
def test_what_is_cut_off_is_found_or_told(form: str) -> None:
    data = _MAKERS[form]()
    assert _found_or_told(data)
    for size in range(64, len(data), 64):
        # An image shows its form only after 32 KiB, a package has nothing in its first bytes.
        assert kind_of(data[:size]) is None or _found_or_told(data[:size]), size


@pytest.mark.slow
@pytest.mark.parametrize("form", _BY_LIBARCHIVE)
def test_what_libarchive_reads_is_found_or_told(form: str) -> None:
    """Without libarchive it is told."""
    data = _BY_LIBARCHIVE[form]()
    for size in range(64, len(data), 64):
        assert kind_of(data[:size]) is None or _found_or_told(data[:size]), size
    for number, changed in enumerate(islice(_mutated(data, random.Random(form)), 30)):
        assert kind_of(changed) is None or _found_or_told(changed), number


@pytest.mark.parametrize("form", _MAKERS)
def test_what_is_changed_is_found_or_told(form: str) -> None:
    data = _MAKERS[form]()
    for number, changed in enumerate(_mutated(data, random.Random(form))):
        assert kind_of(changed) is None or _found_or_told(changed), number
