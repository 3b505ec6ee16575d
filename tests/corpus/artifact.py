"""The building blocks of corpus and property tests: bytes that hold a credential in some spelling, and its position."""

from __future__ import annotations

from typing import NamedTuple

_WIDE = ("utf-16-", "utf-32-")


class Artifact(NamedTuple):
    """Bytes in which the first character that carries a bit of the credential is at the offset ``at``.

    ``encodings`` and ``containers`` lead to it, outermost first. ``place``, its line and column, is known once the
    credential is in a container; until then it is that in ``data``.
    """

    data: bytes
    at: int = 0
    encodings: tuple[str, ...] = ()
    containers: tuple[str, ...] = ()
    place: tuple[int, int] | None = None

    def amid(self, before: bytes, after: bytes = b"") -> Artifact:
        """Return it with bytes round it."""
        return self._replace(data=before + self.data + after, at=self.at + len(before))

    def encoded(self, name: str, data: bytes, at: int) -> Artifact:
        """Return it as the data of one more encoding."""
        return self._replace(data=data, at=at, encodings=(name, *self.encodings))

    def packed(self, label: str, data: bytes) -> Artifact:
        """Return it as the member ``label`` of a container."""
        return Artifact(data, 0, self.encodings, (label, *self.containers), self.position)

    @property
    def position(self) -> tuple[int, int]:
        """Its line and column in the innermost container's member, in characters."""
        if self.place:
            return self.place
        before = self._characters()
        return before.count("\n") + 1, len(before) - before.rfind("\n")

    def _characters(self) -> str:
        if self.encodings and self.encodings[0].startswith(_WIDE):
            return self.data[: self.at].decode(self.encodings[0])
        return self.data[: self.at].decode("utf-8", "surrogateescape")


class Planted(NamedTuple):
    """A credential in a case; without a ``line`` it is in a name, and a ``column`` of None is not checked."""

    secret: str
    line: int | None
    column: int | None
    encodings: tuple[str, ...] = ()
    containers: tuple[str, ...] = ()


class Case(NamedTuple):
    """A file, and everything that is to be found in it."""

    file: str
    data: bytes
    planted: tuple[Planted, ...]


def case(file: str, secret: str, artifact: Artifact, *others: Planted) -> Case:
    """Return the file that an artifact is; ``others`` are in it too."""
    return Case(file, artifact.data, (planted(secret, artifact), *others))


def planted(secret: str, artifact: Artifact) -> Planted:
    """Return what is to be found of an artifact."""
    return Planted(secret, *artifact.position, artifact.encodings, artifact.containers)


def raw(secret: str) -> Artifact:
    """Return a credential as it is."""
    return Artifact(secret.encode())


def found_in(data: bytes, spelling: bytes, *encodings: str) -> Artifact:
    """Return the output of a foreign tool, in which the credential begins where ``spelling`` occurs, once."""
    assert data.count(spelling) == 1
    return Artifact(data, data.index(spelling), encodings)
