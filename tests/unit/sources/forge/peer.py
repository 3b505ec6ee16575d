"""Scans of a forge's resources, and what a forge of a test holds."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

from akpatrol.config.limits import Limits
from akpatrol.model.scan import Confidence, Target
from akpatrol.rules import rule_file
from akpatrol.sources.forge.table import of_kind
from akpatrol.sweep import work
from tests.forge_api import DAY

if TYPE_CHECKING:
    from akpatrol.report.view import ReportView
    from tests.forge_api import ForgeApi

_SPEC = work.ScanSpec(rule_file.load(), Limits(), Confidence.MEDIUM)
REPOSITORY = "/repos/acme/app"


def target(api: ForgeApi, name: str) -> Target:
    page = of_kind(f"{api.forge}_{name}")[1].page
    where = f"{api.api}{REPOSITORY}" if api.forge == "github" else f"{api.api}/projects/7"
    return Target("0", f"{api.forge}_{name}", f"{api.url}/acme/app/{page}", api=where)


def scanned(api: ForgeApi, name: str, *, use_cache: bool = True, exclude: tuple[str, ...] = ()) -> ReportView:
    return work.scan_target(_SPEC._replace(exclude=exclude, use_cache=use_cache), target(api, name)).document


def paths(view: ReportView) -> list[str]:
    return sorted(str(one["path"]) for credential in view["credentials"] for one in credential["occurrences"])


def skips(view: ReportView) -> list[str]:
    return [skip["reason"] for skip in view["coverage"]["skipped"]]


def issue(api: ForgeApi, number: int, body: str | None = None, **more: Any) -> dict[str, Any]:
    values = {"id": 1000 + number, "title": f"Issue {number}", "updated_at": DAY, **more}
    if api.forge == "github":
        url = f"{api.url}/acme/app/issues/{number}"
        return api.entry("issue", number=number, body=body, html_url=url, **values)
    url = f"{api.url}/acme/app/-/issues/{number}"
    return api.entry("issue", iid=number, description=body, web_url=url, **values)


def leak(secret: str) -> str:
    return f"I set ANYREACH_API_KEY={secret} and it works"


def zipped(**members: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return file.getvalue()


def runs(api: ForgeApi, *statuses: str, attempts: int = 1) -> None:
    api.lists[f"{REPOSITORY}/actions/runs"] = [
        api.entry(
            "workflow-run",
            id=number,
            status=status,
            run_attempt=attempts,
            html_url=f"{api.url}/acme/app/actions/runs/{number}",
            updated_at=DAY,
        )
        for number, status in enumerate(statuses, 1)
    ]
