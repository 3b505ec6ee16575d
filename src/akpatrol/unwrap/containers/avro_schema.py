"""Read the texts in Avro's binary encoding by a schema (Avro specification 1.12, "Schema Declaration", "Encodings")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from akpatrol.unwrap.containers.member import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable

    # Reads a value at an offset and returns its end; raises IndexError where the data end before it.
    Read = Callable[[bytes, int, "RecordTexts"], int]

_FIXED = {"null": 0, "boolean": 1, "float": 4, "double": 8}
_LONGEST = 10  # bytes of a number
# Records within records; a deeper one is damage, or built to exhaust the stack.
_DEPTH = 100
_CHECK_FIELDS = 1 << 16


class RecordTexts:
    """The texts of some records, each with the path of its field and the number of its record.

    ``check`` is called now and then. ``left`` is how many more fields may be read: records of records without bytes
    could come to any number.
    """

    def __init__(self, check: Callable[[], None]) -> None:
        self._check = check
        self._unchecked = 0
        self.left = 0
        self.values: list[bytes] = []
        self.paths: list[str] = []
        self.records: list[int] = []
        self.record = self.size = self.depth = 0

    def add(self, path: str, value: bytes) -> None:
        """Add a text of the current record."""
        if value:
            self.values.append(value)
            self.paths.append(path)
            self.records.append(self.record)
            self.size += len(value) + 1

    def step(self, fields: int) -> None:
        """Count fields. Raises IndexError when they are too many, and what ``check`` raises."""
        self.left -= fields
        self._unchecked += fields
        if self._unchecked > _CHECK_FIELDS:
            self._unchecked = 0
            self._check()
        if self.left < 0:
            raise IndexError

    def emptied(self) -> None:
        """Forget the texts, not the number of the record."""
        self.values, self.paths, self.records, self.size = [], [], [], 0


def reader(schema: Any) -> Read:
    """Return what reads a value of a schema, as JSON decodes it. Raises Unreadable for one that is not valid."""
    try:
        return _reader(schema, "", "", {})
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise Unreadable("damaged: its schema is not one") from None


def _reader(schema: Any, path: str, space: str, named: dict[str, Read]) -> Read:
    if isinstance(schema, list):
        return _union([_reader(branch, path, space, named) for branch in schema])
    kind = schema if isinstance(schema, str) else schema["type"]
    if isinstance(kind, dict | list):
        return _reader(kind, path, space, named)
    if kind in ("array", "map"):
        item = _reader(schema["items" if kind == "array" else "values"], path, space, named)
        return _items(item if kind == "array" else _entry(_text(path), item))
    if plain := _plain(kind, path):
        return plain
    return (
        _named(_full(schema, space), schema, named)
        if isinstance(schema, str)
        else _defined(kind, schema, path, space, named)
    )


def _plain(kind: str, path: str) -> Read | None:
    """Return the reader of a primitive type; None for any other."""
    if kind in _FIXED:
        return _skipping(_FIXED[kind])
    if kind in ("int", "long"):
        return lambda data, at, _texts: number(data, at)[1]
    return _text(path) if kind in ("bytes", "string") else None


def _defined(kind: str, schema: Any, path: str, space: str, named: dict[str, Read]) -> Read:
    """Return the reader of a type with a name, which later parts of the schema may use."""
    name = _full(schema["name"], schema.get("namespace", space))
    space = name.rpartition(".")[0]
    if kind == "enum":
        named[name] = lambda data, at, _texts: number(data, at)[1]
    elif kind == "fixed":
        if (size := int(schema["size"])) < 0:
            raise ValueError(size)
        named[name] = _fixed(path, size)
    elif kind in ("record", "error"):
        fields: list[Read] = []
        named[name] = _record(fields)
        for field in schema["fields"]:
            inner = f"{path}.{field['name']}" if path else str(field["name"])
            fields.append(_reader(field["type"], inner, space, named))
    else:
        raise ValueError(kind)
    return named[name]


def _full(name: str, space: str) -> str:
    return f"{space}.{name}" if space and "." not in name else name


def _named(full: str, name: str, named: dict[str, Read]) -> Read:
    return named[full] if full in named else named[name]


def _skipping(size: int) -> Read:
    return lambda _data, at, _texts: at + size


def _text(path: str) -> Read:
    def read(data: bytes, at: int, texts: RecordTexts) -> int:
        length, at = number(data, at)
        if length < 0 or at + length > len(data):
            raise IndexError
        texts.add(path, data[at : at + length])
        return at + length

    return read


def _fixed(path: str, size: int) -> Read:
    def read(data: bytes, at: int, texts: RecordTexts) -> int:
        texts.add(path, data[at : at + size])
        return at + size

    return read


def _record(fields: list[Read]) -> Read:
    def read(data: bytes, at: int, texts: RecordTexts) -> int:
        texts.step(len(fields))
        texts.depth += 1
        if texts.depth > _DEPTH:
            raise IndexError
        for field in fields:
            at = field(data, at, texts)
        texts.depth -= 1
        return at

    return read


def _union(branches: list[Read]) -> Read:
    def read(data: bytes, at: int, texts: RecordTexts) -> int:
        index, at = number(data, at)
        if index < 0:
            raise IndexError
        return branches[index](data, at, texts)

    return read


def _entry(key: Read, value: Read) -> Read:
    return lambda data, at, texts: value(data, key(data, at, texts), texts)


def _items(item: Read) -> Read:
    def read(data: bytes, at: int, texts: RecordTexts) -> int:
        while True:
            count, at = number(data, at)
            if not count:
                return at
            if count < 0:
                count, at = -count, number(data, at)[1]
            for _ in range(count):
                texts.step(1)
                before, at = at, item(data, at, texts)
                if at > len(data):
                    raise IndexError
                if at == before:
                    break  # the others have no bytes either

    return read


def number(data: bytes, at: int) -> tuple[int, int]:
    """Return a number in zigzag form and its end. Raises IndexError."""
    value = shift = 0
    for place in range(at, at + _LONGEST):
        byte = data[place]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 - the continuation bit
            return value >> 1 ^ -(value & 1), place + 1
        shift += 7
    raise IndexError
