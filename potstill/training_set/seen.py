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
        return self._place(int.from_bytes(hashlib.blake2b(text, digest_size=8).digest()) or 1)  # 0 is a free slot

    def _place(self, digest: int) -> bool:
        """Put a hash into its slot; return whether it was not there."""
        slots, last = self._slots, len(self._slots) - 1
        place = digest & last
        while (found := slots[place]) and found != digest:
            place = (place + 1) & last
        if found:
            return False
        slots[place] = digest
        self._count += 1
        if 2 * self._count > len(slots):
            self._grow()
        return True

    def _grow(self) -> None:
        """Move what is there to a table twice as large."""
        old, self._slots, self._count = self._slots, array("Q", bytes(2 * 8 * len(self._slots))), 0
        for digest in filter(None, old):
            self._place(digest)
