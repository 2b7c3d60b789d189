"""How reports write numbers: shares, intervals, p values, counts, costs.

A share has one decimal where it is of DECIMAL_FROM rows or more. Of fewer, its 95 % interval may be more than six
points wide, and tenths of one would say nothing.
"""

from collections.abc import Sequence
from math import floor, isnan, log10

NBSP, EN_DASH, UNKNOWN, MINUS = "\N{NO-BREAK SPACE}", "\N{EN DASH}", "\N{EM DASH}", "\N{MINUS SIGN}"
ASCII = {ord(NBSP): " ", ord(EN_DASH): "-", ord(UNKNOWN): "?", ord(MINUS): "-"}  # for str.translate: a terminal's
SMALLEST_P = 0.001
CENT_USD = 0.01
SIGNIFICANT = 2
DECIMAL_FROM = 1_000
FEW = 10  # rows or questions; a share of fewer says little


def format_bare_percent(share: float, of: int = 0) -> str:
    """Return a share of so many rows in per cent, without the sign; only 0 is written as 0, and only 1 as 100."""
    tenths = of >= DECIMAL_FROM
    text, least, most = f"{100 * share:.{int(tenths)}f}", *(("0.1", "99.9") if tenths else ("1", "99"))
    if float(text) == 0:
        return f"<{least}" if share > 0 else "0"
    return text if float(text) < 100 else "100" if share == 1 else f">{most}"  # noqa: PLR2004 (per cent)


def format_percent(share: float | None, of: int = 0) -> str:
    """Return a share of so many rows in per cent, with the sign."""
    return UNKNOWN if share is None or isnan(share) else f"{format_bare_percent(share, of)}{NBSP}%"


def format_interval(low: float | None, high: float | None, of: int = 0) -> str:
    """Return an interval of a share of so many rows in per cent."""
    if low is None or high is None or isnan(low):
        return UNKNOWN
    return f"{format_bare_percent(low, of)}{EN_DASH}{format_bare_percent(high, of)}{NBSP}%"


def format_p_value(p: float | None) -> str:
    """Return a p value as it is printed in papers."""
    return UNKNOWN if p is None or isnan(p) else f"<{SMALLEST_P}" if p < SMALLEST_P else f"{p:.3f}"


def describe_p_value(p: float | None) -> str:
    """Return a p value as it is written in a sentence."""
    text = format_p_value(p)
    return f"p < {text[1:]}" if text.startswith("<") else f"p = {text}"


def format_points(difference: float) -> str:
    """Return a difference of shares in points with one decimal and its sign; 0 has none."""
    text = f"{100 * abs(difference):.1f}"
    return f"{MINUS}{text}" if difference < 0 and text != "0.0" else text


def format_decimals(number: float | None) -> str:
    """Return a measure with two decimals."""
    return UNKNOWN if number is None or isnan(number) else f"{number:.2f}"


def format_count(count: int, noun: str) -> str:
    """Return a count and its noun, in the plural where there is not one."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def format_list(texts: Sequence[str]) -> str:
    """Return one or more texts as a list in a sentence."""
    *others, last = texts
    return f"{', '.join(others)} and {last}" if others else last


def format_cost(cost_usd: float | None) -> str:
    """Return a cost to the cent; only nothing is "0.00"."""
    if cost_usd is None:
        return "unknown (no price, or no count of tokens)"
    return "less than 0.01 US dollars" if 0 < cost_usd < CENT_USD else f"{cost_usd:,.2f} US dollars"


def format_usd(usd: float | None) -> str:
    """Return US dollars with two decimals, or with two significant digits where that is less than one."""
    if usd is None:
        return UNKNOWN
    if usd == 0:
        return "0"
    return f"{usd:,.2f}" if usd >= 1 else f"{usd:.{SIGNIFICANT - 1 - floor(log10(usd))}f}"


def mark_few(count: int) -> str:
    """Return what follows a count of which a share says little."""
    return ", few" if 0 < count < FEW else ""
