"""What has passed, in little space."""

import hashlib
from array import array

FIRST_SLOTS = 1 << 16  # a power of two, as all sizes of the table


class Seen:
    """Knows the texts that have passed, by 8 bytes of a hash of each.

    They lie in a table that is at most half full, each at the first free slot from its own on: 16 to 32 bytes a text,
    where a set of Python's takes 80 and more, and export keeps millions.
    """

    def __init__(self) -> None:
        """Start with none."""
        self._slots = array("Q", bytes(8 * FIRST_SLOTS))
        self._count = 0

    def add(self, text: bytes) -> bool:
        """Take a text; return whether it is new."""
        if 2 * self._count >= len(self._slots):
            self._grow()
        digest = int.from_bytes(hashlib.blake2b(text, digest_size=8).digest()) or 1  # 0 is a free slot
        place = self._find(digest)
        is_new = not self._slots[place]
        self._slots[place] = digest
        self._count += is_new
        return is_new

    def _find(self, digest: int) -> int:
        """Return the slot that has a hash, or the free one where it belongs."""
        slots, last = self._slots, len(self._slots) - 1
        place = digest & last
        while slots[place] not in (0, digest):
            place = (place + 1) & last
        return place

    def _grow(self) -> None:
        """Move what is there to a table twice as large."""
        old, self._slots = self._slots, array("Q", bytes(2 * 8 * len(self._slots)))
        for digest in filter(None, old):
            self._slots[self._find(digest)] = digest
