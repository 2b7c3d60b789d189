"""Attempts made by actors of a Ray cluster, with the same client as elsewhere; an extra: `make setup EXTRAS=ray`."""

import os

# Ray reads these when it is imported: it is to report nothing to its makers, and not to send this whole folder to the
# nodes where `uv run` started the run.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
