"""Check the set-up: a line for each part of it, which says what to do where something is wrong."""

import sys
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import click
from pydantic import JsonValue

from potstill.core.errors import FatalError, InputError, RejectedError, TransientError
from potstill.core.options import project_path_option
from potstill.core.params import Params, Teacher, load_params
from potstill.core.prices import cost_usd, known_price
from potstill.sharing.remotes import find_remote
from potstill.sharing.repository import open_project
from potstill.sharing.services import NONE_SET
from potstill.teacher.api.credentials import Credentials, read_credentials
from potstill.teacher.api.logins import redact
from potstill.teacher.api.replies import Reply
from potstill.teacher.budget import Budget
from potstill.teacher.buying import connection
from potstill.teacher.probe import MOST_TOKENS, ask_probe, reach
from potstill.teacher.store.claims import Claims
from potstill.teacher.store.journal import Journal, journal_path
from potstill.teacher.store.ledger import check_complete, check_segment, list_segments
from potstill.teacher.store.pointer import pointer_of

LOGPROBS: dict[str, JsonValue] = {"logprobs": True, "top_logprobs": 2}
OK, CROSS, NOTE = "ok", "FAIL", "-"
MARKS = {OK: "\N{CHECK MARK}", CROSS: "\N{BALLOT X}", NOTE: "-"}
UNDERSTOOD = (InputError, OSError, FatalError)

Finding = tuple[str, str]


@click.command()
@project_path_option("ledger", "Folder with what was bought and published.")
def main(ledger: Path) -> None:
    """Check what the pipeline needs, with one small call to the teacher.

    The call is paid where the teacher is.
    """
    crosses = 0
    blamed: dict[str, str] = {}  # what failed or was not tried, and which failure is to blame for it
    with ExitStack() as running:
        setup = Checks(ledger, running)
        for subject, need, check in CHECKS:
            if need in blamed:
                blamed[subject] = blamed[need]
                tell(NOTE, subject, f"not tried, since {blamed[need]} failed")
                continue
            sign, sentence = examine(check, setup)
            tell(sign, subject, sentence)
            if sign == CROSS:
                crosses += 1
                blamed[subject] = subject
    sys.exit(1 if crosses else 0)


def examine(check: Callable[["Checks"], Finding], setup: "Checks") -> Finding:
    """Return what a check finds; what a user can put right becomes a cross."""
    try:
        return check(setup)
    except UNDERSTOOD as error:
        return CROSS, str(error)


def tell(sign: str, subject: str, sentence: str) -> None:
    """Print one line, whatever a server put into the sentence and whatever stdout can encode."""
    encoding = sys.stdout.encoding or "ascii"
    try:
        "".join(MARKS.values()).encode(encoding)
        shown = MARKS[sign]
    except UnicodeEncodeError:
        shown = f"{sign:4}"
    text = " ".join("".join(letter if letter.isprintable() else " " for letter in sentence).split())
    line = f"{shown} {subject}: {text.removeprefix(f'{subject}: ')}"
    click.echo(line.encode(encoding, "replace").decode(encoding))


class Checks:
    """What the checks find out, one after the other.

    Each returns a sign and a sentence, or raises one of UNDERSTOOD, and may use what those that it needs have found.
    """

    params: Params
    credentials: Credentials
    reply: Reply

    def __init__(self, ledger: Path, running: ExitStack) -> None:
        """Note where the ledger is; `running` ends what a check starts."""
        self.ledger = ledger
        self.refused: str | None = None
        self._running = running

    @property
    def teacher(self) -> Teacher:
        """The teacher chosen."""
        return self.params.teachers[self.params.teacher]

    def check_params(self) -> Finding:
        """Read params.yaml, and refuse a budget that cannot be kept, as infer would."""
        self.params = params = load_params()
        Budget(params.teacher, self.teacher, params.runtime.budget_usd)
        return OK, (
            f"dataset {params.dataset}, prompt {params.prompt}, teacher {params.teacher} "
            f"({self.teacher.provider}, {self.teacher.model})"
        )

    def check_credentials(self) -> Finding:
        """Name the variables that are set, and never what they are set to."""
        if self.teacher.provider == "local":
            return OK, f"{self.params.teacher} needs none, since it runs on this machine"
        found = read_credentials(self.teacher.credentials)
        if found.key:
            return OK, f"{found.prefix}_ENDPOINT and the key {found.prefix}_KEY are set"
        return OK, (
            f"{found.prefix}_ENDPOINT is set, {found.prefix}_KEY is not, so Microsoft Entra ID is asked for a token"
        )

    def check_journal(self) -> Finding:
        """Write to the journal, and count its answers."""
        with Journal(journal_path()) as journal, closing(Claims(journal)) as claims:
            claims.claim(["doctor"], MOST_TOKENS)  # a write like any other, which the block's end takes back
            ((answers,),) = journal.read("SELECT count(*) FROM answers")
        return OK, f"{journal.path} can be read and written, and holds {answers:,} answers"

    def check_endpoint(self) -> Finding:
        """Start the bundled teacher, or connect to the other's host, without a word of HTTP."""
        self.credentials = self._running.enter_context(connection(self.teacher))
        if self.teacher.provider == "local":
            return OK, "the bundled teacher has started on this machine"
        return OK, f"{reach(self.credentials, self.params.runtime.timeout_s)} can be reached"

    def check_call(self) -> Finding:
        """Ask one small question, again without log probabilities if they may be why it is refused."""
        try:
            seconds = self.ask(LOGPROBS)
        except RejectedError as error:
            self.refused = str(error)
            seconds = self.ask_plainly()
        key = self.credentials.key
        model = redact(self.reply.model or "a model without a name", [key] if key else [])
        return OK, f"{model} answered in {seconds:.2f} s; {self.describe_cost()}"

    def ask_plainly(self) -> float:
        """Ask with what params.yaml sets and no more; an InputError says that this is refused as well."""
        try:
            return self.ask({})
        except RejectedError as error:
            raise InputError(
                f"{error}; check teachers.{self.params.teacher} in params.yaml (this call allowed {MOST_TOKENS} tokens "
                "at most)"
            ) from None

    def ask(self, extras: dict[str, JsonValue]) -> float:
        """Ask once and keep the reply; return the seconds it took."""
        try:
            self.reply, seconds = ask_probe(self.teacher, extras, self.credentials, self.params.runtime.timeout_s)
        except TransientError as error:
            raise InputError(f"{error}; this may pass, so run `make doctor` again") from None
        return seconds

    def describe_cost(self) -> str:
        """Say what the call cost, as far as that is known."""
        if self.teacher.provider == "local":
            return "it is free"
        price = known_price(self.teacher.price_per_million)
        if price is None or self.reply.usage is None:
            return f"this one call is paid, at a cost that is not known (price_per_million of {self.params.teacher})"
        return f"this one call is paid: {cost_usd(price, self.reply.usage):.6f} US dollars"

    def check_logprobs(self) -> Finding:
        """Return whether that call was answered with log probabilities, which no stage needs."""
        if self.refused:
            return NOTE, f"not supported: asked for them, the teacher refused with {self.refused}"
        if not self.reply.logprobs:
            return NOTE, "not supported: asked for them, the teacher answered without"
        return OK, "supported: `extras: {logprobs: true}` asks for them"

    def check_remote(self) -> Finding:
        """List the default remote, and say what opens it."""
        with open_project() as repo:
            remote = find_remote(repo)
            if remote is None:
                return NOTE, f"nothing bought is shared, since {NONE_SET}"
            return OK, f"{remote.name} ({remote.url}) can be listed, {remote.describe_credentials()}"

    def check_ledger(self) -> Finding:
        """Compare the segments with their names, and all of them with what DVC tracks."""
        pointer, segments = pointer_of(self.ledger), list_segments(self.ledger)
        for segment in segments:
            check_segment(segment)
        with Journal(journal_path()) as journal:
            check_complete(self.ledger, pointer, journal)
        if not pointer.is_file():
            return NOTE, f"{pointer} is not there, so nothing was published yet; `make publish` does"
        return OK, f"all that {pointer} names is in {self.ledger} ({len(segments)} segments) or in the journal"


# What is checked, which other check must have succeeded before, and how.
CHECKS: tuple[tuple[str, str | None, Callable[[Checks], Finding]], ...] = (
    ("params.yaml", None, Checks.check_params),
    ("credentials", "params.yaml", Checks.check_credentials),
    ("journal", None, Checks.check_journal),
    ("endpoint", "credentials", Checks.check_endpoint),
    ("call", "endpoint", Checks.check_call),
    ("logprobs", "call", Checks.check_logprobs),
    ("remote", None, Checks.check_remote),
    ("ledger", "journal", Checks.check_ledger),
)
