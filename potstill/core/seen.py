"""Whether a text was there before, of millions of texts. No I/O."""

import hashlib
from array import array

_WORD = 8  # bytes of a digest


class Seen:
    """The texts that were there: of each a digest of 8 bytes is kept, in a table at most half full.

    A set takes 94 MiB for a million ids and 215 for their questions, this takes 16. Two of a million texts have one
    digest by chance in 3 of 100 million cases; the later one is then taken for a repetition.
    """

    def __init__(self, most: int = 1 << 15) -> None:
        """Make room for so many texts; for more, more is made when they come."""
        self._slots = array("Q", bytes(_WORD << most.bit_length() + 1))
        self._count = 0

    def add(self, text: str) -> bool:
        """Keep a text, and return whether it is new."""
        digest = hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=_WORD).digest()
        return self._place(int.from_bytes(digest) or 1)  # 0 is an empty slot

    def _place(self, value: int) -> bool:
        """Put a digest into its slot, and return whether it was not there."""
        slots, last = self._slots, len(self._slots) - 1
        slot = value & last
        while (found := slots[slot]) and found != value:
            slot = (slot + 1) & last
        if found:
            return False
        slots[slot] = value
        self._count += 1
        if 2 * self._count > len(slots):
            self._grow()
        return True

    def _grow(self) -> None:
        """Move what is there to a table twice as large."""
        old, self._slots, self._count = self._slots, array("Q", bytes(2 * _WORD * len(self._slots))), 0
        for value in filter(None, old):
            self._place(value)
