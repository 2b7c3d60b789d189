"""Numbers and lists as people read them."""

from collections.abc import Sequence

SHOWN = 3
KILO, UNITS = 1000, ("kB", "MB", "GB", "TB")


def format_size(size: int) -> str:
    """Return a number of bytes in units of 1,000."""
    if size < KILO:
        return f"{size} bytes"
    power = min((len(str(size)) - 1) // 3, len(UNITS))
    return f"{size / KILO**power:.1f} {UNITS[power - 1]}"


def format_names(names: Sequence[str]) -> str:
    """Return the first few names and how many others there are; one more is named, too."""
    shown = names[:SHOWN] if len(names) > SHOWN + 1 else names
    more = f" and {len(names) - len(shown):,} others" if len(shown) < len(names) else ""
    return "; ".join(shown) + more
