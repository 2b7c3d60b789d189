"""What the stages and the commands are made of."""

import sys
from importlib.util import find_spec

__version__ = "0.1.0"

if not all(map(find_spec, ("click", "dotenv", "msgspec", "pydantic", "ruamel"))):  # what every command begins with
    sys.exit(
        f"Error: the packages of requirements.lock are not installed for {sys.executable}; run `make setup` first, "
        "then `source .venv/bin/activate`, or the goals of the Makefile, such as `make repro`"
    )
