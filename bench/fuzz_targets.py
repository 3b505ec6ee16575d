"""What is fuzzed: each target makes its seed files and runs one mutated file. A new target is a class and a table line.

``run`` raises for a violation: an exception that no caller expects, exit code 4, a finding outside of its file.
"""

from __future__ import annotations

from contextlib import suppress
from random import Random
from typing import TYPE_CHECKING

import httpx
from tests.corpus.contained import BY_LIBARCHIVE, CONTAINED
from tests.corpus.encoded import ENCODED
from tests.corpus.programs import FORMS
from tests.corpus.scenes import SCENES
from tests.credentials import organization_key, personal_access_token

from akpatrol.errors import UsageError
from akpatrol.sources.forge.patience import patience_with
from akpatrol.sources.forge.refusals import ForgeError
from akpatrol.sweep.forges.organization import forge_of
from akpatrol.sweep.forges.table import FORGES
from bench.fuzz_forms import FORM_TARGETS, Examined
from bench.fuzz_programs import Baseline, Configuration, Index, Pack, PackIndex, Reports, Rules, Store

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.corpus.table import Build

    from bench.fuzz_target import Target


class _Corpus(Examined):
    """Files of the tests' corpus."""

    builds: Mapping[str, Build]

    def __init__(self, scratch: Path) -> None:
        del scratch
        super().__init__()
        rng = Random(type(self).__name__)
        self.seeds = [build(rng, organization_key(rng)).data for build in self.builds.values()]


class Containers(_Corpus):
    """Archives and compressed files."""

    builds = CONTAINED


class ByLibarchive(_Corpus):
    """Archives that libarchive reads, each in a process of its own."""

    builds = BY_LIBARCHIVE


class Encodings(_Corpus):
    """Text in encodings, and the scenes in which several meet."""

    builds = ENCODED | SCENES


class Programs(Examined):
    """Programs in whose pools of literals credentials lie, which ``is_table`` says that tables of strings describe."""

    is_table = False
    _TABLES = ("Hermes", "DEX", "class", ".NET")

    def __init__(self, scratch: Path) -> None:
        del scratch
        super().__init__()
        rng = Random(type(self).__name__)
        texts = ["first", organization_key(rng), "Authorization", personal_access_token(rng), "the last one"]
        literals = [text.encode() for text in texts]
        self.seeds = [make(literals) for name, make in FORMS.items() if name.startswith(self._TABLES) is self.is_table]


class StringTables(Programs):
    """Programs with tables of strings."""

    is_table = True


class ForgeAnswers:
    """What a forge answers when it lists an organization's repositories."""

    def __init__(self, scratch: Path) -> None:
        del scratch
        names = [f"acme/{number}" for number in range(4)]
        github = ",".join(
            f'{{"full_name": "{name}", "clone_url": "https://github.com/{name}.git", "size": 12, "fork": false,'
            f' "archived": false, "default_branch": "main", "private": true}}'
            for name in names
        )
        gitlab = ",".join(
            f'{{"path_with_namespace": "{name}", "http_url_to_repo": "https://gitlab.com/{name}.git", "id": 7,'
            f' "archived": false, "forked_from_project": null}}'
            for name in names
        )
        bitbucket = (
            '{"full_name": "acme/1", "links": {"clone": [{"name": "https", "href": "https://x@bitbucket.org/a/b"}]}}'
        )
        azure = '{"name": "1", "remoteUrl": "https://acme@dev.azure.com/acme/p/_git/1", "project": {"name": "p"}}'
        self.seeds = [
            f"[{github}]".encode(),
            f"[{gitlab}]".encode(),
            f'{{"values": [{bitbucket}], "next": "https://api.bitbucket.org/2.0/repositories/acme?page=2"}}'.encode(),
            f'{{"count": 1, "value": [{azure}]}}'.encode(),
        ]

    def run(self, data: bytes, number: int) -> None:
        """List once with this body and, of its bytes, a status and a next page."""
        answers = iter(
            [
                httpx.Response(
                    200,
                    stream=httpx.ByteStream(data),
                    headers={"link": f"<{_next(data)}>; rel=next", "x-next-page": "2"},
                ),
                httpx.Response(
                    data[0] + 200 if data else 500,
                    stream=httpx.ByteStream(data),
                    headers={"retry-after": repr(data[:9])},
                ),
            ]
        )

        def answer(request: httpx.Request) -> httpx.Response:
            del request
            return next(answers, httpx.Response(200, stream=httpx.ByteStream(b"[]")))

        with httpx.Client(transport=httpx.MockTransport(answer)) as client, suppress(*forge_errors()):
            patience_with.cache_clear()
            kinds = [name for name, kind in FORGES.items() if kind.public]
            for _ in forge_of(kinds[number % len(kinds)], "acme", None, {}).repositories(client, lambda _seconds: None):
                pass


def _next(data: bytes) -> str:
    return "https://api.github.com/orgs/acme/repos?page=2" if len(data) % 2 else "http://169.254.169.254/"


def forge_errors() -> tuple[type[Exception], ...]:
    """Return what a listing raises for a forge that does not answer as it should."""
    return ForgeError, UsageError


TARGETS: Mapping[str, type[Target]] = {
    "containers": Containers,
    "libarchive": ByLibarchive,
    "encodings": Encodings,
    "programs": Programs,
    "string-tables": StringTables,
    "index": Index,
    "pack": Pack,
    "pack-index": PackIndex,
    "rules": Rules,
    "configuration": Configuration,
    "baseline": Baseline,
    "reports": Reports,
    "store": Store,
    "forge": ForgeAnswers,
    **FORM_TARGETS,
}
