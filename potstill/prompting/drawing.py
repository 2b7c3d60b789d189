"""Draws by seed that are the same on every machine, whatever else is drawn or in which order. No I/O."""

import hashlib


def rank(purpose: str, seed: int, name: str) -> int:
    """Return a name's place in a seeded order, 0 to 2^64 - 1; each purpose has an order of its own."""
    return int.from_bytes(hashlib.sha256(f"{purpose} {seed} {name}".encode()).digest()[:8])
