"""Checks of a set-up, one after the other: params, credentials, the journal, the teacher and the ledger."""

from contextlib import ExitStack, closing
from pathlib import Path

from pydantic import JsonValue

from potstill.core.catalogues import Teacher
from potstill.core.errors import (
    FatalError,
    InputError,
    RefusedFieldError,
    RejectedError,
    TransientError,
    UnreachableError,
)
from potstill.core.params import Params
from potstill.core.params_file import load_params
from potstill.core.prices import cost_usd, find_price
from potstill.core.wording import format_usd
from potstill.teacher.api.credentials import Credentials, read_credentials
from potstill.teacher.api.http_responses import RETIRED
from potstill.teacher.api.logins import redact
from potstill.teacher.api.replies import Reply
from potstill.teacher.budget import Budget
from potstill.teacher.buying import connection
from potstill.teacher.probe import MOST_TOKENS, ask_probe, check_batches, check_reachable, is_held
from potstill.teacher.refusals import describe_fatal_error
from potstill.teacher.store.claims import Claims
from potstill.teacher.store.journal import Journal, journal_path
from potstill.teacher.store.ledger import check_complete, check_segment, list_segments
from potstill.teacher.store.pointer import pointer_of

LOGPROBS: dict[str, JsonValue] = {"logprobs": True, "top_logprobs": 2}
OK, NOTE = "ok", "-"
FAILURES = (InputError, FatalError, OSError)  # what a check may raise

CheckResult = tuple[str, str]


class Checks:
    """What the checks find, each for those after it.

    Each returns OK or NOTE and a sentence, or raises one of FAILURES.
    """

    params: Params
    credentials: list[Credentials]
    reply: Reply  # the latest

    def __init__(self, ledger: Path, running: ExitStack) -> None:
        """Keep where the ledger is; `running` ends what a check starts."""
        self.ledger = ledger
        self.refusal: str | None = None
        self._running = running

    @property
    def teacher(self) -> Teacher:
        """The teacher chosen."""
        return self.params.teachers[self.params.teacher]

    def check_params(self) -> CheckResult:
        """Read params.yaml; raise an InputError for a budget that cannot be kept, as infer would."""
        self.params = params = load_params()
        Budget(params)
        return OK, (
            f"dataset {params.dataset}, prompt {params.prompt}, teacher {params.teacher} "
            f"({self.teacher.provider}, {self.teacher.model})"
        )

    def check_provider(self) -> CheckResult:
        """Say whether the provider's library is still supported."""
        if self.teacher.provider == "azure":
            return NOTE, RETIRED
        return OK, f"{self.teacher.provider} is asked through a library that is supported"

    def check_credentials(self) -> CheckResult:
        """Name the variables that are set, and never what they are set to."""
        if self.teacher.provider == "local":
            return OK, f"{self.params.teacher} needs none, since it runs on this machine"
        return OK, "; ".join(describe(read_credentials(prefix)) for prefix in self.teacher.credentials)

    def check_journal(self) -> CheckResult:
        """Write to the journal, and count its answers."""
        with Journal(journal_path()) as journal, closing(Claims(journal)) as claims:
            claims.claim(["doctor"], MOST_TOKENS)  # a write like any other, which the block's end takes back
            ((answers,),) = journal.read("SELECT count(*) FROM answers")
        return OK, f"{journal.path} can be read and written, and holds {answers:,} answers"

    def check_endpoint(self) -> CheckResult:
        """Start a local teacher, or connect to another one's hosts, without a word of HTTP."""
        self.credentials = self._running.enter_context(connection(self.teacher))
        if self.teacher.provider == "local":
            return OK, f"{self.teacher.weights or 'the bundled teacher'} has started on this machine"
        timeout_s = self.params.runtime.timeout_s
        return OK, f"{' and '.join(check_reachable(each, timeout_s) for each in self.credentials)} can be reached"

    def check_call(self) -> CheckResult:
        """Ask each endpoint one small question; where answers are asked for in batches, list those instead."""
        if self.params.runtime.batch and self.teacher.provider == "openai":
            return OK, "; ".join([self._list_batches(each) for each in self.credentials])
        return OK, "; ".join([self._call(each) for each in self.credentials])

    def _list_batches(self, credentials: Credentials) -> str:
        """See whether an endpoint has batches; a deployment for these may take no calls, so none is made."""
        try:
            check_batches(self.teacher, credentials, self.params.runtime.timeout_s)
        except (RejectedError, TransientError) as error:
            raise InputError(
                f"{error}; check whether {credentials.prefix}_ENDPOINT has batches, or set runtime.batch to false"
            ) from None
        return f"the batches at {credentials.prefix}_ENDPOINT can be listed; nothing was asked, so this cost nothing"

    def _call(self, credentials: Credentials) -> str:
        """Ask one endpoint, again without log probabilities if they may be why it refuses, and describe its answer."""
        try:
            seconds = self._ask(credentials, LOGPROBS)
        except RejectedError as error:
            self.refusal = str(error)
            seconds = self._ask_plainly(credentials)
        self._check_form()
        key = credentials.key
        model = redact(self.reply.model or "a model without a name", [key] if key else [])
        endpoint = f" at {credentials.prefix}_ENDPOINT" if len(self.credentials) > 1 else ""
        return f"{model}{endpoint} answered in {seconds:.2f} s; {self._describe_cost()}"

    def _check_form(self) -> None:
        """Raise an InputError if a whole answer is not in the form that the prompt holds it to."""
        prompt = self.params.prompts[self.params.prompt]
        if prompt.structured and self.reply.status == "answered" and not is_held(self.reply):
            raise InputError(
                f"prompts.{self.params.prompt}.structured: the teacher takes response_format and does not keep to it, "
                "so no answer could be read; set it to false, or ask a server that does"
            )

    def _ask_plainly(self, credentials: Credentials) -> float:
        """Ask with what params.yaml sets and no more; raise an InputError if this is refused as well."""
        try:
            return self._ask(credentials, {})
        except RejectedError as error:
            raise InputError(
                f"{error}; check teachers.{self.params.teacher} in params.yaml (this call allowed {MOST_TOKENS} tokens "
                "at most)"
            ) from None

    def _ask(self, credentials: Credentials, extras: dict[str, JsonValue]) -> float:
        """Ask once and keep the reply; return the seconds it took."""
        try:
            self.reply, seconds = ask_probe(
                self.teacher,
                extras,
                credentials,
                self.params.runtime.timeout_s,
                structured=self.params.prompts[self.params.prompt].structured,
            )
        except RefusedFieldError as error:
            if error.field in extras.keys() - self.teacher.extras.keys():
                raise RejectedError(error.text) from None  # of what this call alone asks for
            raise InputError(describe_fatal_error(error, self.params)) from None
        except TransientError as error:
            unreachable = isinstance(error, UnreachableError)
            advice = (
                f"check {credentials.prefix}_ENDPOINT" if unreachable else "this may pass, so run `make doctor` again"
            )
            raise InputError(f"{error}; {advice}") from None
        return seconds

    def _describe_cost(self) -> str:
        """Return what the call cost, as far as that is known."""
        if self.teacher.provider == "local":
            return "it is free"
        price = find_price(self.params)
        if price is None or self.reply.usage is None:
            return f"this one call is paid, at a cost that is not known (price_per_million.{self.params.teacher})"
        return f"this one call is paid: {format_usd(cost_usd(price, self.reply.usage))} US dollars ({price.source})"

    def check_logprobs(self) -> CheckResult:
        """Return whether that call was answered with log probabilities, which no stage needs."""
        if self.params.runtime.batch and self.teacher.provider == "openai":
            return NOTE, "unknown, since nothing was asked"
        if self.refusal:
            return NOTE, f"not supported: asked for them, the teacher refused with {self.refusal}"
        if not self.reply.logprobs:
            return NOTE, "not supported: asked for them, the teacher answered without"
        return OK, "supported: `extras: {logprobs: true}` asks for them"

    def check_ledger(self) -> CheckResult:
        """Compare the segments with their names, and all of them with what DVC tracks."""
        pointer, segments = pointer_of(self.ledger), list_segments(self.ledger)
        for segment in segments:
            check_segment(segment)
        with Journal(journal_path()) as journal:
            check_complete(self.ledger, pointer, journal)
        if not pointer.is_file():
            return NOTE, f"{pointer} is not there, so nothing was published yet; `make publish` does"
        return OK, f"all that {pointer} names is in {self.ledger} ({len(segments)} segments) or in the journal"


def describe(credentials: Credentials) -> str:
    """Return the names of the variables that are set."""
    prefix = credentials.prefix
    if credentials.key:
        return f"{prefix}_ENDPOINT and the key {prefix}_KEY are set"
    return f"{prefix}_ENDPOINT is set, {prefix}_KEY is not, so Microsoft Entra ID is asked for a token"
