"""How a comparison writes its numbers."""

from potstill.core.wording import DECIMAL_FROM, EN_DASH, SIGNIFICANT, UNKNOWN, format_interval, format_percent

TO = " to "
TENFOLD, ALIKE = 10, 0.05  # from tenfold on no decimal is written; a ratio within 5 % of 1 is "about the same"


def format_share(share: float | None) -> str:
    """Return a share in per cent with one decimal whatever it is of, since differences have one."""
    return format_percent(share, DECIMAL_FROM)


def format_range(low: float | None, high: float | None) -> str:
    """Return an interval of shares in per cent with one decimal."""
    return format_interval(low, high, DECIMAL_FROM).replace(EN_DASH, TO)


def format_number(number: float | None) -> str:
    """Return a number without decimals; a small one with one."""
    return UNKNOWN if number is None else f"{number:,.0f}" if number >= TENFOLD else f"{number:,.1f}"


def format_ratio(ratio: float) -> str:
    """Return how many times as much, without a decimal that says nothing."""
    return f"{ratio:,.0f}" if ratio >= TENFOLD else f"{ratio:.1f}".removesuffix(".0")


def round_up(number: int) -> int:
    """Return a whole number rounded up to two significant digits."""
    unit = int(10 ** max(len(str(number)) - SIGNIFICANT, 0))
    return -(-number // unit) * unit
