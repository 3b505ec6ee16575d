"""A resource of a repository of a forge as a source: page by page, and what is as it was is not sent again."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.cache import scan_counts
from akpatrol.errors import AkpatrolError
from akpatrol.model.scan import Excluded, Exclusion, Skipped, State
from akpatrol.sources.base import OneTarget, RescanUnit
from akpatrol.sources.forge import discussions, items, pages
from akpatrol.sources.forge.client import MOST_PAGES, listed
from akpatrol.sources.forge.items import ResourceHome
from akpatrol.sources.forge.pages import PageState
from akpatrol.sources.forge.refusals import ForgeError, RefusedError
from akpatrol.sources.forge.table import of_kind, opened, variable
from akpatrol.sources.forge.unit import FileUnit, TextsUnit
from akpatrol.sources.occurrence import occurrence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from akpatrol.cache.scan_cache import ScanCache
    from akpatrol.model.credential import Commit, RawFinding
    from akpatrol.model.scan import Target
    from akpatrol.scan.result import ScanResult
    from akpatrol.sources.base import Placed, Planned, Unit
    from akpatrol.sources.forge.client import ForgeClient, ForgePage
    from akpatrol.sources.forge.items import Lead
    from akpatrol.sources.forge.resource import Listing
    from akpatrol.sources.forge.unit import ForgeText

    Matcher = Callable[[bytes, bool], bool]

_CACHED, _CACHED_FILE = "forge page", "forge file"
# Pages have a hundred entries where a server does not allow fewer: some round number.
_ROUND = 10
_MOST_EMPTY = 10  # pages in a row
_UNFINISHED = "not finished yet: the next sweep reads it"
_NAMELESS = "the forge does not say where it is"


class _ListProgress(NamedTuple):
    """How far a list was read; the number of the last page is None where the forge does not say.

    ``empty`` pages came last in a row. There may be ``more``.
    """

    pages: int = 0
    last: int | None = None
    empty: int = 0
    more: bool = True


class _Step(NamedTuple):
    """A page: its state, its texts if it was sent, and its state as it was known."""

    state: PageState
    found: list[ForgeText]
    known: PageState | None


class ForgeSource(OneTarget):
    """A resource of a repository. ``excluded`` says which items are left out, by their addresses without the host."""

    parallel = True

    def __init__(self, target: Target, excluded: Matcher, cache: ScanCache | None = None) -> None:
        super().__init__(target)
        self._forge, self._resource = of_kind(target.kind)
        self._api = target.api or ""
        self._repository = ResourceHome(target.root.removesuffix(f"/{self._resource.page}"), target.root)
        self._excluded = excluded
        self._cache = cache
        self._conditions = ""
        self._left = 0
        self._pages: dict[TextsUnit, tuple[str, PageState]] = {}
        self._files: dict[FileUnit, str] = {}

    def plan(self) -> Iterator[Planned]:
        """Yield units of the lists' pages; those that are cached with their counts alone."""
        try:
            with opened(self._forge, self._api) as client:
                if not self._resource.lists:
                    yield from self._discussions(client)
                for listing in self._resource.lists:
                    yield from self._list(client, listing)
        except AkpatrolError as error:
            yield Skipped(self._name, str(error))

    @property
    def _name(self) -> str:
        return f"{self._target.root} ({self._resource.name})"

    def _list(self, client: ForgeClient, listing: Listing) -> Iterator[Planned]:
        read = _ListProgress()
        try:
            for read, planned in self._walk(client, listing, f"{self._api}{listing.path}", ""):  # noqa: B007 - said below
                yield from planned
        except ForgeError as error:
            if isinstance(error, RefusedError) and error.was_deleted and not read.pages:
                yield Excluded(Exclusion.DELETED)  # the repository has this resource turned off
            else:
                yield Skipped(self._name, self._why(error, read))

    def _walk(
        self, client: ForgeClient, listing: Listing, url: str | None, above: str
    ) -> Iterator[tuple[_ListProgress, Iterator[Planned]]]:
        """Yield how far a list is read, and what its next page gives. Raises ForgeError."""
        read, seen = _ListProgress(), set[str]()
        while url:
            if url in seen or len(seen) == MOST_PAGES or read.empty == _MOST_EMPTY:
                raise ForgeError(f"{client.site.host} returns too many pages")
            seen.add(url)
            known = self._known(url)
            if known and listing.texts and known.counts is None:
                known = None
            page, known = self._page(client, url, known)
            state, found = self._state(client, listing, page, known, above)
            is_empty = not (state.paths or state.leads)
            last = page.last if page and page.last else read.last
            read = _ListProgress(read.pages + 1, last, read.empty + 1 if is_empty else 0, bool(state.following))
            yield read, self._planned(client, listing, url, _Step(state, found, known))
            url = state.following

    def _page(
        self, client: ForgeClient, url: str, known: PageState | None
    ) -> tuple[ForgePage | None, PageState | None]:
        """Return a page, None if it is as it was known; that is None if it may not be used."""
        if known and any(self._is_excluded(path) for path in known.paths):
            known = None
        page = client.page(url, known.etag if known else "")
        if known and page is None and (known.again or (known.full and not known.following)):
            # What was found is read again, and a page without room may have got one that follows it.
            page = client.page(url)
        return page, known

    def _state(
        self, client: ForgeClient, listing: Listing, page: ForgePage | None, known: PageState | None, above: str
    ) -> tuple[PageState, list[ForgeText]]:
        """Return the state of a page, and its texts if it was sent."""
        if page is None:
            if not known:
                raise ForgeError(f"{client.site.host} does not answer like a {self._forge} API: no page")
            return known, []
        entries = listed(page.value, listing.key, client.site)
        wanted = [entry for entry in entries if items.chosen(listing, entry)]
        full = bool(entries) and len(entries) % _ROUND == 0
        if listing.texts:
            found = [items.text(listing, entry, self._repository, above) for entry in wanted]
            paths = tuple(text.path for text in found)
            return PageState(page.etag, pages.digest_of(found), page.following, full, paths=paths), found
        leads = tuple(lead for entry in wanted for lead in items.leads(listing, entry, self._repository))
        return PageState(page.etag, pages.digest_of(leads), page.following, full, leads), []

    def _planned(self, client: ForgeClient, listing: Listing, url: str, step: _Step) -> Iterator[Planned]:
        state, found, known = step
        if listing.texts:
            yield from self._texts(url, state, found, known)
            return
        if self._cache and state is not known and (value := pages.value_of(state)):
            self._cache.put(self._conditions, _CACHED, {self._key(url): value})
        for number, lead in enumerate(state.leads):
            self._left = len(state.leads) - number
            if self._is_excluded(lead.page):
                yield Excluded(Exclusion.EXCLUDE_OPTION)
            elif lead.state == items.GONE:
                yield Excluded(Exclusion.DELETED)
            elif lead.state != items.READY:
                yield Skipped(lead.page, _UNFINISHED if lead.state == items.WAITING else _NAMELESS)
            elif listing.below:
                yield from self._below(client, listing.below, lead)
            else:
                client.check()  # else thousands of files would be a skip each
                yield from self._file(listing, lead)
        self._left = 0

    def _texts(self, key: str, state: PageState, found: list[ForgeText], known: PageState | None) -> Iterator[Planned]:
        """Yield the texts of a page; if they are as they were, only their counts and those with findings."""
        if known and known.counts is not None and known.digest == state.digest:
            yield from known.counts
            if again := tuple(found[number] for number in known.again if number < len(found)):
                yield RescanUnit(TextsUnit(self._target.id, again))
            if (state.etag, state.following, state.full) != (known.etag, known.following, known.full):
                self._renew(key, state)
            return
        kept = [text for text in found if not self._is_excluded(text.path)]
        if len(kept) < len(found):
            yield Excluded(Exclusion.EXCLUDE_OPTION, len(found) - len(kept))
        if kept:
            unit = TextsUnit(self._target.id, tuple(kept))
            if self._cache and len(kept) == len(found):
                self._pages[unit] = key, state
            yield unit

    def _renew(self, url: str, state: PageState) -> None:
        """Keep the new ETag and following page of one whose items are as they were."""
        key = self._key(url)
        value = self._cache.get(self._conditions, _CACHED, key) if self._cache else None
        if self._cache and isinstance(value, dict):
            new = {"etag": state.etag, "following": state.following or "", "full": state.full}
            self._cache.put(self._conditions, _CACHED, {key: {**value, **new}})

    def _below(self, client: ForgeClient, listing: Listing, lead: Lead) -> Iterator[Planned]:
        above = f"{self._repository.origin}/{lead.page}"
        try:
            for _, planned in self._walk(client, listing, f"{self._api}{lead.path}", above):
                yield from planned
        except RefusedError as error:
            if not error.is_absent:
                raise
            yield Skipped(lead.page, str(error))

    def _file(self, listing: Listing, lead: Lead) -> Iterator[Planned]:
        url = f"{self._api}{lead.path}"
        unit = FileUnit(self._target.id, self._forge, self._api, url, listing.accept, lead.page, lead.date, lead.size)
        key = self._key(f"{url} {lead.version}")
        value = self._cache.get(self._conditions, _CACHED_FILE, key) if self._cache else None
        counts = scan_counts.parse(value)
        if counts is None:
            self._files[unit] = key
            yield unit
            return
        yield from counts
        if value is None or value.get("again") is not False:
            yield RescanUnit(unit)

    def _discussions(self, client: ForgeClient) -> Iterator[Planned]:
        read = _ListProgress()
        try:
            for number, found in enumerate(discussions.pages(client, self._repository), 1):
                key = f"{self._api}/discussions {number}"
                state = PageState("", pages.digest_of(found), None, paths=tuple(text.path for text in found))
                yield from self._texts(key, state, found, self._known(key))
                read = _ListProgress(number)
        except ForgeError as error:
            yield Skipped(self._name, self._why(error, read))

    def _known(self, url: str) -> PageState | None:
        return pages.parse(self._cache.get(self._conditions, _CACHED, self._key(url))) if self._cache else None

    def _key(self, text: str) -> str:
        return sha256(f"{self._target.kind} {text}".encode("utf-8", "surrogatepass")).hexdigest()

    def _is_excluded(self, path: str) -> bool:
        return self._excluded(path.encode("utf-8", "surrogatepass"), False)  # noqa: FBT003 - a callable's argument

    def _why(self, error: ForgeError, read: _ListProgress) -> str:
        """Return why a list was not read to its end, what would help, and how much of it is left."""
        reason = str(error)
        if isinstance(error, RefusedError):
            reason += f"; {self._resource.needed(variable(self._forge))}"
        if not read.pages:
            return reason
        if self._left:
            reason += f"; {self._left:,} of the page's items are left"
        if read.last and read.last > read.pages:
            left = f"{read.last - read.pages:,} of {read.last:,} pages are left"
        else:
            left = "those after them are left" if read.more else "and no more are left"
        return f"{reason}; {read.pages:,} {'page was' if read.pages == 1 else 'pages were'} read, {left}"

    def place(self, findings: Sequence[RawFinding]) -> Iterator[Placed]:
        """Yield each raw finding with the time at which its item changed last."""
        for finding in findings:
            placed = occurrence(finding, State.WORKTREE)
            yield finding.match, placed._replace(object=None, introduced=_version(finding))

    def load_cached(self, conditions: str) -> None:
        """Receive the conditions, besides the bytes, that determine the findings."""
        self._conditions = conditions

    def record(self, unit: Unit, read: ScanResult) -> None:
        """Store a page's or a file's result at once, so that the run after one that is killed goes on where it was."""
        if not self._cache:
            return
        if isinstance(unit, TextsUnit) and (planned := self._pages.pop(unit, None)):
            if value := pages.value_of(planned[1], read):
                self._cache.put(self._conditions, _CACHED, {self._key(planned[0]): value})
        elif isinstance(unit, FileUnit) and (key := self._files.pop(unit, "")) and _is_read(unit, read):
            again = bool(read.findings or read.skipped)
            self._cache.put(self._conditions, _CACHED_FILE, {key: {**scan_counts.value_of(read), "again": again}})

    def store_cached(self) -> None:
        """Do nothing: all is stored."""


def _is_read(unit: FileUnit, read: ScanResult) -> bool:
    """Return whether a file was there to be read, whatever is wrong in it."""
    return not read.uncacheable and all(skip.item != unit.path for skip in read.skipped)


def marks(target: Target) -> str | None:
    """Return a digest of what changed last, None for a resource that does not say. Raises AkpatrolError."""
    forge, resource = of_kind(target.kind)
    if not resource.lists or not all(listing.newest for listing in resource.lists):
        return None
    digest = sha256()
    with opened(forge, target.api or "") as client:
        for listing in resource.lists:
            page = client.page(f"{client.site.api}{listing.newest}")
            for entry in listed(page.value if page else None, listing.key, client.site):
                digest.update(repr((entry.get("id"), entry.get("updated_at"))).encode("utf-8", "surrogatepass"))
            digest.update(repr(page and page.last).encode())
    return digest.hexdigest()


def _version(finding: RawFinding) -> Commit | None:
    from akpatrol.model.credential import Commit  # noqa: PLC0415 - most runs have no finding

    date = finding.origin.object
    if not date:
        return None
    named = sha256((finding.origin.path or b"") + date.encode()).hexdigest()[:16]
    return Commit(named, date, summary="as it was last changed")
