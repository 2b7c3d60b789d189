"""The variables that a user keeps in .env."""

import os

import dotenv

from potstill.core.errors import InputError

ASKING, NEVER = "POTSTILL_ASK", "never"
BUDGET_SHARE = "POTSTILL_BUDGET_SHARE_USD"


def may_ask() -> bool:
    """Return whether the environment lets a run ask its teacher: POTSTILL_ASK=never has it stop instead."""
    return os.environ.get(ASKING) != NEVER


def read_budget_share() -> float | None:
    """Return what of runtime.budget_usd is this run's share in US dollars, where `make variants` runs it; else None."""
    share = os.environ.get(BUDGET_SHARE)
    return float(share) if share else None


def load_env_file() -> None:
    """Add the variables of the nearest .env, in this folder or above it, to those that the environment lacks."""
    path = dotenv.find_dotenv(usecwd=True)
    try:
        dotenv.load_dotenv(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: expected lines such as NAME=value in UTF-8, but {error}; save it so") from None
