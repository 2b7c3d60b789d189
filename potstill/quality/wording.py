"""How the report writes numbers: shares, intervals, p values, counts, costs."""

from collections.abc import Sequence

import pandas as pd

NBSP, EN_DASH, UNKNOWN = "\N{NO-BREAK SPACE}", "\N{EN DASH}", "\N{EM DASH}"
SMALLEST_P = 0.001
CENT_USD = 0.01
FEW = 10  # rows or questions; a share of fewer says little


def format_whole_percent(share: float) -> str:
    """Return a share in whole per cent, without the sign; only 0 is "0", and only 1 is "100"."""
    whole = f"{100 * share:.0f}"
    return "<1" if whole == "0" and share > 0 else ">99" if whole == "100" and share < 1 else whole


def format_percent(share: float | None) -> str:
    """Return a share in whole per cent, with the sign."""
    return UNKNOWN if share is None or pd.isna(share) else f"{format_whole_percent(share)}{NBSP}%"


def format_interval(low: float | None, high: float | None) -> str:
    """Return an interval of shares in whole per cent."""
    if low is None or high is None or pd.isna(low):
        return UNKNOWN
    return f"{format_whole_percent(low)}{EN_DASH}{format_whole_percent(high)}{NBSP}%"


def format_p_value(p: float | None) -> str:
    """Return a p value as it is printed in papers."""
    return UNKNOWN if p is None or pd.isna(p) else f"<{SMALLEST_P}" if p < SMALLEST_P else f"{p:.3f}"


def format_decimals(number: float | None) -> str:
    """Return a measure with two decimals."""
    return UNKNOWN if number is None or pd.isna(number) else f"{number:.2f}"


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


def mark_few(count: int) -> str:
    """Return what follows a count of which a share says little."""
    return ", few" if 0 < count < FEW else ""
