"""A user's mistake, told in one plain sentence."""

from collections.abc import Iterator
from contextlib import contextmanager

import click


class InputError(ValueError):
    """What a user can put right; the message names the file or param, what was expected, what came, what to do."""


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn an InputError into one sentence on stderr and exit code 1; other exceptions keep their traceback."""
    try:
        yield
    except InputError as error:
        raise click.ClickException(str(error)) from None
