"""Read the text in Parquet, ORC and Arrow files with pyarrow, in a process of its own (``worker``).

A damaged file can end pyarrow with its process (of 3,300 changed Arrow files 20 did, with pyarrow 26). The answers are
values of some rows. Numbers are in the machine's order, since both ends are this machine.
"""

from __future__ import annotations

import io
import json
from array import array
from typing import TYPE_CHECKING, Any

from akpatrol.unwrap.containers import worker

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# With pyarrow itself, a process takes less than 200 MB.
BOUNDS = worker.WorkerBounds(memory=112 << 20, seconds=600)
VALUES = b"V"
# The number of the group that is the metadata.
METADATA = -1
_BATCH_BYTES, _BATCH_ROWS, _BATCH_VALUES, _SLICE_BYTES = 1 << 20, 1024, 1 << 16, 4 << 20


class _Remote(io.RawIOBase):
    """The file that is read."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._offset = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._offset

    def seek(self, offset: int, whence: int = 0, /) -> int:
        self._offset = max(0, offset + (0, self._offset, self._size)[whence])
        return self._offset

    def read(self, number: int = -1, /) -> bytes:
        left = max(0, self._size - self._offset)
        number = left if number is None or number < 0 else min(number, left)
        data = worker.part(self._offset, number)
        self._offset += len(data)
        return data


def main() -> None:
    """Answer requests."""
    import pyarrow as pa  # noqa: PLC0415 - the answers alone are needed at the other end
    import pyarrow.orc  # noqa: PLC0415
    import pyarrow.parquet  # noqa: PLC0415 - before memory is bounded

    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    worker.serve(_read, BOUNDS)


def _read(request: dict[str, Any]) -> None:
    try:
        for values in _values(request["kind"], _Remote(request["size"])):
            worker.send(VALUES)
            worker.send_data(values)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - pyarrow raises many, and only the data can be wrong
        worker.send(worker.FAILED, _reason(error))


def _reason(error: Exception) -> bytes:
    text = f"{type(error).__name__} {error}"
    words = (("ncrypt", worker.ENCRYPTED), ("alloc", worker.MEMORY), ("NotImplemented", worker.KIND))
    return next((code for word, code in words if word in text), worker.DAMAGED)


def _values(kind: str, file: _Remote) -> Iterator[list[bytes]]:
    groups = _groups(kind, file)
    metadata = _RowValues(METADATA)
    for text in next(groups):
        metadata.add("metadata", 0, text)
    yield metadata.packed()
    for group, batches in enumerate(groups):
        row, gathered = 0, _RowValues(group)
        for batch in batches:
            names = batch.schema.names
            columns = [_listed(column) for column in batch.columns]
            for values in zip(*columns, strict=True):
                for name, value in zip(names, values, strict=True):
                    for path, text in _texts(name, value):
                        gathered.add(path, row, text)
                row += 1
                if gathered.size >= _BATCH_BYTES:
                    yield gathered.packed()
                    gathered = _RowValues(group)
        if gathered.size:
            yield gathered.packed()


def _listed(column: Any) -> list[Any]:
    try:
        return list(column.to_pylist())
    except ValueError:
        # A structure whose fields share a name is no dictionary.
        return list(zip(*map(_listed, column.flatten()), strict=True))


class _RowValues:
    """Values of some rows of one group, each with its column and row."""

    def __init__(self, group: int) -> None:
        self.size = 0
        self._group = group
        self._names: dict[str, int] = {}
        self._columns, self._rows, self._lengths = array("I"), array("Q"), array("Q")
        self._values: list[bytes] = []

    def add(self, name: str, row: int, value: bytes) -> None:
        """Add a value."""
        self._columns.append(self._names.setdefault(name, len(self._names)))
        self._rows.append(row)
        self._lengths.append(len(value))
        self._values.append(value)
        self.size += len(value) + 1

    def packed(self) -> list[bytes]:
        """Return all of them as parts of one answer; ``columns`` has the other end."""
        head = json.dumps((self._group, list(self._names), len(self._values))).encode()
        return [head, b"\n", self._columns.tobytes(), self._rows.tobytes(), self._lengths.tobytes(), *self._values]


def _groups(kind: str, file: _Remote) -> Iterator[Iterator[Any]]:
    """Yield the texts of the metadata, then the batches of each row group, stripe or batch, of columns with text."""
    import pyarrow as pa  # noqa: PLC0415 - the answers alone are needed at the other end

    source = pa.PythonFile(file, mode="r")
    if kind == "parquet":
        from pyarrow.parquet import ParquetFile  # noqa: PLC0415 - the same

        parquet = ParquetFile(source, buffer_size=1 << 20)
        yield _metadata(parquet.schema_arrow, parquet.metadata.metadata)
        names = _text_columns(parquet.schema_arrow)
        for group in range(parquet.num_row_groups) if names else ():
            rows = max(1, min(_BATCH_ROWS, _BATCH_VALUES // len(names)))
            yield _sliced(parquet.iter_batches(rows, [group], names, use_threads=False))
    elif kind == "orc":
        from pyarrow.orc import ORCFile  # noqa: PLC0415 - the same

        orc = ORCFile(source)
        yield _metadata(orc.schema, orc.metadata)
        names = _text_columns(orc.schema)
        for stripe in range(orc.nstripes) if names else ():
            yield _sliced([orc.read_stripe(stripe, names)])
    else:
        from pyarrow import ipc  # noqa: PLC0415 - the same

        with ipc.open_file(source, options=ipc.IpcReadOptions(use_threads=False)) as arrow:
            yield _metadata(arrow.schema, getattr(arrow, "metadata", None))
            names = _text_columns(arrow.schema)
            for number in range(arrow.num_record_batches) if names else ():
                batch = arrow.get_batch(number)
                batch.validate(full=True)
                # Two columns may have one name.
                texts = [index for index, field in enumerate(arrow.schema) if _holds_text(field.type)]
                yield _sliced([batch.select(texts)])


def _sliced(batches: Iterable[Any]) -> Iterator[Any]:
    """Yield batches of so few rows that their values fit into memory once more, as Python's."""
    for batch in batches:
        fitting = batch.num_rows * _SLICE_BYTES // max(1, batch.get_total_buffer_size())
        rows = max(1, min(_BATCH_ROWS, fitting, _BATCH_VALUES // max(1, batch.num_columns)))
        for start in range(0, batch.num_rows, rows):
            yield batch.slice(start, rows)


def _metadata(schema: Any, of_file: Any) -> Iterator[bytes]:
    """Yield the names of the fields, and the keys and values of all metadata but the schema, which is encoded there."""
    for metadata in (of_file, schema.metadata, *(field.metadata for field in schema)):
        for key, value in dict(metadata or {}).items():
            if key != b"ARROW:schema":
                yield from (key, value)
    for name in schema.names:
        yield name.encode()


def _text_columns(schema: Any) -> list[str]:
    return list(dict.fromkeys(field.name for field in schema if _holds_text(field.type)))


def _holds_text(type_: Any) -> bool:
    """Return whether values of a type may hold text or bytes."""
    name = str(getattr(type_, "storage_type", type_))
    return any(word in name for word in ("string", "binary", "utf8"))


def _texts(path: str, value: Any) -> Iterator[tuple[str, bytes]]:
    """Yield the texts and bytes in a value, with the names of the fields down to each."""
    if isinstance(value, str):
        if value:
            yield path, value.encode("utf-8", "surrogatepass")
    elif isinstance(value, bytes):
        if value:
            yield path, value
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _texts(f"{path}.{name}", part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(path, part)
