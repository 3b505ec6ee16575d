"""Reports that a page has much to show of: several repositories, authors, states and standings."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from akpatrol.model.credential import VerificationStatus
from akpatrol.model.report import Coverage, Report
from akpatrol.model.scan import Confidence, Exposure, Secret, Severity, Skipped, State
from tests import reports

if TYPE_CHECKING:
    from random import Random

    from akpatrol.model.credential import Credential, Occurrence

AUTHORS = ("Jane Doe <jane@example.org>", "Ravi Patel <ravi@example.org>", "Mei Lin <mei@example.org>")
PATHS = (b"src/app/config.py", b"deploy/values.yaml", b".env", b"web/src/api.ts", b"docs/setup.md")
REMOTES = {
    "shop": "git@github.com:acme/shop.git",
    "billing": "https://gitlab.com/acme/platform/billing.git",
    "infra": "git@git.example.org:acme/infra.git",
}


def incident(random: Random, number: int = 12, most_places: int = 9) -> Report:
    """Return what a sweep of three repositories finds, with up to ``most_places`` places a credential."""
    targets = tuple(reports.target(id=name, root=f"/srv/{name}", remote=remote) for name, remote in REMOTES.items())
    return reports.report(
        *(_credential(random, index, random.randint(1, most_places)) for index in range(number)),
        targets=targets,
        command="sweep",
        coverage=Coverage(
            size=18_340_000_000,
            counts={"blobs": 1_175_640, "commits": 112_004},
            skipped=(Skipped("/srv/infra: vendor/lib.tar.lz4", "lz4 is not supported"),),
        ),
    )


def _credential(random: Random, index: int, places: int) -> Credential:
    key = reports.personal_access_token(random) if index % 5 == 4 else reports.organization_key(random)
    found = [_place(random, key) for _ in range(places)]
    changes = {
        "exposure": Exposure.BROWSER if any(place.exposure for place in found) else None,
        "found_at": "2026-02-20T06:00:00Z",
    }
    match index % 4:
        case 0:
            return reports.live(key, *found, **changes)
        case 1:
            dead = reports.verification(VerificationStatus.INACTIVE)
            return reports.credential(key, *found, verification=dead, severity=Severity.LOW, **changes)
        case 2:
            unclear = reports.verification(VerificationStatus.UNKNOWN)
            owner = reports.owner(reports.inventory_key(name="Staging sync", expires_at="2026-06-01T00:00:00Z"))
            return reports.credential(key, *found, verification=unclear, owner=owner, **changes)
    return reports.credential(key, *found, confidence=Confidence.MEDIUM, **changes)


def _place(random: Random, key: str) -> Occurrence:
    start = reports.NOW - timedelta(days=random.randint(40, 1500))
    state = random.choice([State.PRESENT, State.REMOVED])
    path = random.choice(PATHS)
    commit = reports.commit(
        random,
        f"{start:%Y-%m-%dT%H:%M:%SZ}",
        author=random.choice(AUTHORS),
        summary=random.choice(["wip", "Fix deploy"]),
    )
    end = start + timedelta(days=random.randint(1, 39))
    return reports.occurrence(
        key,
        target=random.choice(list(REMOTES)),
        path=path,
        paths=(path, b"old/" + path) if random.random() < 0.2 else (path,),
        line=random.randint(1, 300),
        object=random.randbytes(20).hex(),
        state=state,
        introduced=commit,
        removed=reports.commit(random, f"{end:%Y-%m-%dT%H:%M:%SZ}") if state is State.REMOVED else None,
        refs=("refs/heads/main",),
        encodings=("base64",) if random.random() < 0.2 else (),
        exposure=Exposure.BROWSER if path.endswith(b".ts") else None,
        context=(random.choice(['API_KEY = "', "  key: "]), Secret(key.encode()), random.choice(['"', " # for now"])),
    )
