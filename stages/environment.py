"""The variables that a user keeps in .env."""

import dotenv


def load_env_file() -> None:
    """Take the nearest .env upwards of this folder into the environment, whose own variables win."""
    dotenv.load_dotenv(dotenv.find_dotenv(usecwd=True))
