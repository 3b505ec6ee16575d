"""``akpatrol sweep``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from akpatrol.cli.forge_options import forge_options
from akpatrol.cli.options import shared
from akpatrol.cli.sweep_screen import SweepTerminal
from akpatrol.pipeline.resolve import resolve
from akpatrol.pipeline.sweep import SweepRequest, sweep

if TYPE_CHECKING:
    from akpatrol.config.options import Options
    from akpatrol.pipeline.sweep import ForgeRequest

_STORE = "akpatrol.sqlite3"


@click.command("sweep")
@click.argument("words", nargs=-1, metavar="[TARGET]...")
@click.option(
    "--store",
    default=_STORE,
    show_default=True,
    metavar="FILE|URL",
    help="Where findings are kept: a file, or postgresql://HOST/DATABASE for several sweeps at once.",
)
@forge_options
@click.option("--clones", metavar="DIR", help="Where mirrors are kept.  [default: in the user's cache directory]")
@click.option(
    "--dask", "scheduler", metavar="ADDRESS", help="Scan on the workers of a Dask scheduler, such as tcp://host:8786."
)
@click.option("--bucket-versions", is_flag=True, help="Read all versions of a bucket's objects, deleted ones too.")
@click.option("--prune", is_flag=True, help="Count earlier targets that no longer exist as gone.")
@shared
def command(  # noqa: PLR0913 - click gives each option its own
    flags: Options,
    words: tuple[str, ...],
    *,
    store: str,
    forges: ForgeRequest,
    clones: str | None,
    scheduler: str | None,
    bucket_versions: bool,
    prune: bool,
) -> int:
    """Scan many repositories, directories, files and clone URLs, and keep the findings in one store.

    A TARGET is a repository, a directory with everything in it, a file, an https, ssh or git URL to clone, a bucket
    (s3://bucket/prefix, gs:// or az://), images (oci://host/repository:tag), logs
    (elasticsearch+https://host/index-pattern, cloudwatch://region/log-group), or @FILE with one of these per line.
    Targets that have not changed since the last sweep are not read again. An interrupted sweep resumes where it
    stopped. Configurations inside targets are ignored.
    """
    request = SweepRequest(
        words,
        store,
        forges,
        clones,
        scheduler,
        prune=prune,
        use_cache=not flags.no_cache,
        bucket_versions=bucket_versions,
    )
    return sweep(request, resolve(flags, None, None), SweepTerminal())
