"""The variables that a user keeps in .env."""

import os

import dotenv

from potstill.core.errors import InputError

ASKING, NEVER = "POTSTILL_ASK", "never"


def may_ask() -> bool:
    """Return whether the environment lets a run ask its teacher: POTSTILL_ASK=never has it stop instead."""
    return os.environ.get(ASKING) != NEVER


def load_env_file() -> None:
    """Add the variables of the nearest .env, in this folder or above it, to those that the environment lacks."""
    path = dotenv.find_dotenv(usecwd=True)
    try:
        dotenv.load_dotenv(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: expected lines such as NAME=value in UTF-8, but {error}; save it so") from None
