"""Every error of this project.

PotstillError
├── InputError              a user can put it right: one sentence on stderr, exit code 1
├── StoppedError            the user stopped the run
└── CallError               a call to the teacher brought no reply
    ├── FatalError          no call can succeed before somebody changes something
    │   └── RefusedFieldError   the model does not take a field of the request
    ├── RejectedError       the teacher will not take this one request
    └── TransientError      this attempt failed, another may succeed
        └── UnreachableError    the server could not even be connected to

Pure code raises ValueError for a wrong argument; who knows the file or param turns it into an InputError.
"""

import click


class PotstillError(Exception):
    """The root of the tree."""


class InputError(click.ClickException, PotstillError):
    """What a user can put right; the message names the file or param, what was expected, what came, what to do.

    click prints it in one line and exits with 1, so nobody need catch it for that.
    """


class StoppedError(PotstillError):
    """The user stopped the run."""


class CallError(PotstillError):
    """A call to the teacher brought no reply; the message says why."""


class FatalError(CallError):
    """No call can succeed before somebody changes something; the message says what."""


class RefusedFieldError(FatalError):
    """The model does not take a field of the request, named as it was sent; `text` quotes the server."""

    def __init__(self, field: str, text: str) -> None:
        """Keep both apart, since only who knows the params can say where the field is set."""
        super().__init__(field, text)
        self.field, self.text = field, text

    def __str__(self) -> str:
        """Return the sentence of somebody who does not know where the field is set."""
        return f"this model does not take {self.field} ({self.text})"


class RejectedError(CallError):
    """The teacher will not take this one request; asking again is no use."""


class TransientError(CallError):
    """This attempt failed; another may succeed."""

    def __init__(self, message: str, *, retry_after_s: float | None = None, throttled: bool = False) -> None:
        """Keep how long the server asked to wait (seconds), and whether it was too many requests (429)."""
        super().__init__(message)
        self.retry_after_s = retry_after_s
        self.throttled = throttled


class UnreachableError(TransientError):
    """The server could not even be connected to."""
