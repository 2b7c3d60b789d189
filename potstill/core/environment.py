"""The variables that a user keeps in .env."""

import os

import dotenv

from potstill.core.errors import InputError

ASKING, NEVER = "POTSTILL_ASK", "never"
BUDGET = "POTSTILL_BUDGET_USD"


def may_ask() -> bool:
    """Return whether the environment lets a run ask its teacher: POTSTILL_ASK=never has it stop instead."""
    return os.environ.get(ASKING) != NEVER


def read_budget_usd() -> float | None:
    """Return what the environment lets one run spend, None for no limit; raise InputError if that is no number.

    It holds beside runtime.budget_usd; `make variants` gives each of its runs a share of that one this way.
    """
    text = os.environ.get(BUDGET, "")
    try:
        budget = float(text) if text else None
    except ValueError:
        budget = -1
    if budget is not None and not 0 <= budget < float("inf"):
        raise InputError(f"{BUDGET}: expected US dollars, 0 or more, got {text!r}; mend it, or unset it")
    return budget


def load_env_file() -> None:
    """Add the variables of the nearest .env, in this folder or above it, to those that the environment lacks."""
    path = dotenv.find_dotenv(usecwd=True)
    try:
        dotenv.load_dotenv(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: expected lines such as NAME=value in UTF-8, but {error}; save it so") from None
