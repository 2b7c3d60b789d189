"""The variables that a user keeps in .env."""

import dotenv

from stages.errors import InputError


def load_env_file() -> None:
    """Take the nearest .env upwards of this folder into the environment, whose own variables win."""
    path = dotenv.find_dotenv(usecwd=True)
    try:
        dotenv.load_dotenv(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: expected lines such as NAME=value in UTF-8, but {error}; save it so") from None
