"""Map the file of a pack.

https://git-scm.com/docs/gitformat-pack#_pack_pack_files_have_the_following_format
"""

from __future__ import annotations

import mmap

from akpatrol.gitdata.entries import PACK_HEADER_BYTES
from akpatrol.gitdata.inflate import BrokenObjectError
from akpatrol.sources import regular_file


def opened(path: bytes) -> mmap.mmap:
    """Map a pack of version 2 or 3. Raises OSError, and BrokenObjectError for any other file."""
    with regular_file.opened(path) as file:
        head = file.read(PACK_HEADER_BYTES)
        if len(head) < PACK_HEADER_BYTES or head[:4] != b"PACK" or head[4:8] not in (b"\0\0\0\2", b"\0\0\0\3"):
            raise BrokenObjectError("not a pack of version 2 or 3")
        # The file can be removed meanwhile; the mapping stays valid.
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
