"""Numbers and lists as people read them."""

from collections.abc import Sequence

SHOWN = 3
KILO = 1000


def format_size(size: int) -> str:
    """Return a number of bytes in units of 1,000."""
    if size < KILO:
        return f"{size} bytes"
    amount, unit = float(size), ""
    for unit in ("kB", "MB", "GB", "TB"):  # noqa: B007 (the one that fits)
        amount /= KILO
        if amount < KILO:
            break
    return f"{amount:.1f} {unit}"


def format_names(names: Sequence[str]) -> str:
    """Return the first few names, and how many others there are."""
    more = f" and {len(names) - SHOWN:,} others" if len(names) > SHOWN else ""
    return "; ".join(names[:SHOWN]) + more
