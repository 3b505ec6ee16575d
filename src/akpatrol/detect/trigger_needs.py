"""Choose the triggers that can fire in short data, which holds what few of them need."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from akpatrol.detect.keywords import Phrases
from akpatrol.model.trigger import CharacterRun

if TYPE_CHECKING:
    from collections.abc import Sequence

    from akpatrol.model.trigger import Trigger


class TriggerNeeds:
    """The strings that triggers need, and which triggers need each."""

    def __init__(self, triggers: Sequence[Trigger]) -> None:
        self._triggers = triggers
        self._always: set[int] = set()
        self._users: defaultdict[bytes, set[int]] = defaultdict(set)
        for index, trigger in enumerate(triggers):
            for needs in [needs for _, needs in trigger.parts] or [trigger.needs]:
                strings = (needs,) if isinstance(needs, bytes) else needs
                if isinstance(strings, CharacterRun) or not all(strings):
                    self._always.add(index)
                else:
                    for string in strings:
                        self._users[string].add(index)
        self._strings = Phrases(string.decode("latin-1") for string in self._users)

    def possible(self, data: bytes) -> list[tuple[int, Trigger]]:
        """Return the triggers that may fire in ``data``, with their indexes, in order."""
        found = {data[start:end] for start, end in self._strings.find(data.decode("latin-1"))}
        indexes = self._always.union(*map(self._users.__getitem__, found))
        return [(index, self._triggers[index]) for index in sorted(indexes)]
