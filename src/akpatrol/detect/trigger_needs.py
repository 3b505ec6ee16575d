"""Choose the triggers that can fire in short data, which holds what few of them need."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from akpatrol.detect.keywords import Phrases
from akpatrol.model.trigger import CharacterRun

if TYPE_CHECKING:
    from collections.abc import Iterable

    from akpatrol.model.trigger import Trigger

# Up to here, one search for all that triggers need takes less time than a search for each.
_SHORT_BYTES = 32 << 10
# It takes as long as these searches to prepare.
_FEW_SEARCHES = 8


class PossibleTriggers:
    """The triggers that may fire in data, by the strings that they need; use ``possible_triggers`` to share them."""

    def __init__(self, triggers: tuple[Trigger, ...]) -> None:
        self._triggers = triggers
        self._searches = 0
        self._always: set[int] = set()
        self._users: defaultdict[bytes, set[int]] = defaultdict(set)

    def of(self, data: bytes) -> Iterable[tuple[int, Trigger]]:
        """Return the triggers that may fire in ``data``, with their indexes, in order: all if the data is long."""
        self._searches += 1
        return self.needed_by(data) if self._searches > _FEW_SEARCHES and len(data) <= _SHORT_BYTES else self._pairs

    def needed_by(self, data: bytes) -> list[tuple[int, Trigger]]:
        """Return the triggers of which ``data`` holds a string that they need, and those that need none."""
        found = {data[start:end] for start, end in self._strings.find(data.decode("latin-1"))}
        indexes = self._always.union(*map(self._users.__getitem__, found))
        return [self._pairs[index] for index in sorted(indexes)]

    @cached_property
    def _pairs(self) -> list[tuple[int, Trigger]]:
        return list(enumerate(self._triggers))

    @cached_property
    def _strings(self) -> Phrases:
        """A search for all strings; of each it notes who needs it."""
        for index, trigger in self._pairs:
            for needs in [needs for _, needs in trigger.parts] or [trigger.needs]:
                strings = (needs,) if isinstance(needs, bytes) else needs
                if isinstance(strings, CharacterRun) or not all(strings):
                    self._always.add(index)
                else:
                    for string in strings:
                        self._users[string].add(index)
        return Phrases(string.decode("latin-1") for string in self._users)


@lru_cache(4)
def possible_triggers(triggers: tuple[Trigger, ...]) -> PossibleTriggers:
    """Return one for all prefilters with these triggers: a sweep makes many."""
    return PossibleTriggers(triggers)
