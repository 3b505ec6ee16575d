"""A further container takes a file and a line: it is opened wherever it is, also within others and encoded."""

from __future__ import annotations

import base64
import gzip
from typing import TYPE_CHECKING

from tests.trial import Trial

if TYPE_CHECKING:
    from pathlib import Path

_MODULE = '''"""Archives of a form that does not exist: names, sizes, and bytes of which every bit is turned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.unwrap.containers.member import Flaw, Member, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.unwrap.budget import Level
    from akpatrol.unwrap.containers.container_bytes import ContainerBytes

_TURNED = bytes(255 - byte for byte in range(256))


def members(source: ContainerBytes, level: Level) -> Iterator[Member | Flaw]:
    """Yield the members."""
    source.skip(len(b"zzARCH\\n"))
    while name := source.read(8).rstrip():
        level.member()
        size = int(source.read(8))
        content = source.read(size)
        if len(content) < size:
            yield Flaw(f"truncated at byte {source.offset}")
            return
        level.spend(size)
        yield Member(f"zz:{text(name)}", (name,), iter([content.translate(_TURNED)]))
'''
_LINE = '    "zz": Form((b"zzARCH\\n",), "zz.members"),'


def _archive(**members: bytes) -> bytes:
    turned = bytes(255 - byte for byte in range(256))
    parts = [b"%-8b%8d%b" % (name.encode(), len(data), data.translate(turned)) for name, data in members.items()]
    return b"zzARCH\n" + b"".join(parts)


def test_a_further_container_is_a_file_and_a_line(tmp_path: Path, key: str) -> None:
    trial = Trial(tmp_path)
    trial.add_file("unwrap/containers/zz.py", _MODULE)
    trial.add_line("unwrap/containers/forms.py", "_OPENED: Final[dict[str, Form]] = {", _LINE)
    assert trial.follows("Container", "zz")
    archive = _archive(a=b"nothing\n" * 9, b=f"KEY={key}\n".encode())
    (trial.tree / "plain.zz").write_bytes(archive)
    (trial.tree / "packed.gz").write_bytes(gzip.compress(archive))
    (trial.tree / "encoded.txt").write_text(f"data: {base64.b64encode(archive).decode()}\n{archive.hex()}\n")
    (trial.tree / "cut.zz").write_bytes(archive[:-1])
    report = trial.json("scan", ".")
    (credential,) = report["credentials"]
    found = sorted((one["path"], one["containers"], one["encodings"]) for one in credential["occurrences"])
    assert found == [
        ("encoded.txt", ["zz:b"], ["base64"]),
        ("encoded.txt", ["zz:b"], ["hex"]),
        ("packed.gz", ["gzip", "zz:b"], []),
        ("plain.zz", ["zz:b"], []),
    ]
    assert [(one["item"], one["reason"][:9]) for one in report["coverage"]["skipped"]] == [("cut.zz", "truncated")]
    assert report["coverage"]["counts"]["members"] >= 4
