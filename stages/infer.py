"""Stage infer: ask the teacher what nobody has bought yet."""

import asyncio
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import click
from tqdm import tqdm

from stages.errors import InputError, plain_errors
from stages.options import path_option
from stages.params import Params, Teacher, load_params
from stages.records import Message, Request, Response, read_rows, split_files, write_json, write_rows
from stages.teacher.asking import Asker, Failure, Record
from stages.teacher.clients import AzureClient
from stages.teacher.credentials import Credentials, read_credentials
from stages.teacher.journal import Journal, answer_key, journal_path
from stages.teacher.local import serve
from stages.teacher.replies import FatalError, Reply

STOPPED_BY_SIGNAL = 130
OFF_TERMINAL_INTERVAL_S = 10

Outcomes = dict[str, Reply | Failure]
KeyedRequests = dict[str, list[tuple[str, Request]]]


@click.command()
@path_option("requests", "Folder with what is to be asked.")
@path_option("responses", "Folder for {split}.jsonl.")
@path_option("log", "File for what this run asked, found and took.")
def main(requests: Path, responses: Path, log: Path) -> None:
    """Ask the teacher chosen in params.yaml every request that the journal has no answer to."""
    with plain_errors():
        try:
            infer(load_params(), requests, responses, log)
        except (asyncio.CancelledError, KeyboardInterrupt):
            click.echo("stopped; every answer that came is kept, and `make repro` asks only the rest", err=True)
            sys.exit(STOPPED_BY_SIGNAL)


def infer(params: Params, requests: Path, responses: Path, log: Path) -> None:
    """Write the responses in request order, and the log; an InputError tells of rows that failed for good.

    The log is written, too, of a run that is stopped before it has all its answers.
    """
    started = time.monotonic()
    teacher = params.teachers[params.teacher]
    keyed = read_requests(requests, teacher)
    prompts = {key: request.messages for rows in keyed.values() for key, request in rows}
    with Journal(journal_path()) as journal:
        outcomes = find_bought(journal, teacher, prompts)
        found = len(outcomes)
        asking: dict[str, object] = {"retries": 0, "endpoint_host": None}
        try:
            if found < len(prompts):
                missing = {key: messages for key, messages in prompts.items() if key not in outcomes}
                ask_missing(params, journal, missing, outcomes, asking)
        finally:
            rows = {split: list(to_responses(pairs, outcomes)) for split, pairs in keyed.items()}
            came = [row for split_rows in rows.values() for row in split_rows]
            counted = summarise(came, sum(map(len, keyed.values())), len(prompts), found, len(outcomes) - found)
            seconds = time.monotonic() - started
            speed = {"seconds": round(seconds, 3), "requests_per_second": round((len(outcomes) - found) / seconds, 3)}
            write_json(log, counted | asking | speed)
    for split, split_rows in rows.items():
        write_rows(responses / f"{split}.jsonl", split_rows)
    click.echo(
        f"{len(came)} requests: {counted['asked']} asked, {found} found in the journal; "
        + ", ".join(f"{counted[status]} {status}" for status in ("answered", "truncated", "filtered", "failed"))
    )
    check_failures(came, params.runtime.max_failed_fraction)


def read_requests(folder: Path, teacher: Teacher) -> KeyedRequests:
    """Read every split's requests, each with the key that names its answer."""
    return {
        file.stem: [
            (answer_key(teacher, request.messages, request.replicate), request) for request in read_rows(file, Request)
        ]
        for file in split_files(folder)
    }


def find_bought(journal: Journal, teacher: Teacher, prompts: Mapping[str, object]) -> Outcomes:
    """Look up what the journal has; the rest must be asked."""
    found = ((key, journal.find(key, teacher.max_tokens)) for key in prompts)
    return {key: reply for key, reply in found if reply is not None}


def ask_missing(
    params: Params,
    journal: Journal,
    prompts: Mapping[str, list[Message]],
    outcomes: Outcomes,
    asking: dict[str, object],
) -> None:
    """Ask the prompts and add what came to `outcomes`, journalling each answer as it arrives.

    `asking` takes the retries and the endpoint's host. An InputError says why no further call can succeed.
    """
    teacher = params.teachers[params.teacher]
    counts = Counter({"came": 0, "failed": 0})
    with (
        connection(teacher) as credentials,
        tqdm(
            total=len(prompts),
            desc=params.teacher,
            unit="call",
            mininterval=0.1 if sys.stderr.isatty() else OFF_TERMINAL_INTERVAL_S,
        ) as bar,
    ):
        client = AzureClient(credentials, teacher, params.runtime.timeout_s)

        def record(key: str, outcome: Reply | Failure) -> None:
            if isinstance(outcome, Reply):
                journal.record(key, teacher.max_tokens, outcome, client.endpoint_host)
            outcomes[key] = outcome
            counts["failed" if isinstance(outcome, Failure) else "came"] += 1
            bar.set_postfix(counts, refresh=False)
            bar.update()

        # The bundled teacher has one slot: a queue before it would only wear down the time limit of each attempt.
        concurrency = 1 if teacher.provider == "local" else params.runtime.concurrency
        asker = Asker(client, concurrency, params.runtime.timeout_s, params.runtime.max_attempts)
        try:
            asyncio.run(ask_until_done(asker, client, prompts, record))
        except FatalError as error:
            raise InputError(f"{error}; {counts['came']} answers are kept and will not be asked again") from None
        finally:
            asking.update(retries=asker.retries, endpoint_host=client.endpoint_host)


async def ask_until_done(
    asker: Asker, client: AzureClient, prompts: Mapping[str, list[Message]], record: Record
) -> None:
    """Ask all prompts; Ctrl-C and SIGTERM cancel what is in flight and give back the connections."""
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 (a coroutine that runs has a task)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        await asker.ask_all(prompts.items(), record)
    finally:
        await client.close()


def connection(teacher: Teacher) -> AbstractContextManager[Credentials]:
    """Give the endpoint and key of a teacher, starting the bundled one where it is the one chosen."""
    return serve(teacher.model) if teacher.provider == "local" else nullcontext(read_credentials(teacher.credentials))


def to_responses(pairs: Iterable[tuple[str, Request]], outcomes: Outcomes) -> Iterator[Response]:
    """Make the row of each request that has an outcome."""
    for key, request in pairs:
        outcome = outcomes.get(key)
        if isinstance(outcome, Failure):
            yield Response(id=request.id, key=key, status="failed", error=outcome.message)
        elif outcome is not None:
            yield Response(id=request.id, key=key, **vars(outcome))


def summarise(responses: Sequence[Response], requests: int, distinct: int, found: int, asked: int) -> dict[str, object]:
    """Count what a run was to ask, found, asked and got."""
    statuses = Counter(row.status for row in responses)
    return {
        "requests": requests,
        "distinct": distinct,
        "asked": asked,
        "from_journal": found,
        **{status: statuses[status] for status in ("answered", "truncated", "filtered", "failed")},
        "models_served": sorted({row.model for row in responses if row.model}),
    }


def check_failures(responses: Sequence[Response], max_failed_fraction: float) -> None:
    """Leave the stage red if more rows failed than may; an InputError says how many, and what the last one met."""
    failed = [row for row in responses if row.status == "failed"]
    if len(failed) > max_failed_fraction * len(responses):
        raise InputError(
            f"{len(failed)} of {len(responses)} requests failed, the last ({failed[-1].id}) with: {failed[-1].error}; "
            "the other answers are kept and `make repro` asks only what is missing, or raise "
            f"runtime.max_failed_fraction (now {max_failed_fraction:g}) to go on without"
        )
    if failed:
        click.echo(f"{len(failed)} failed rows pass; `dvc repro --force --single-item infer` asks them again")


if __name__ == "__main__":
    main()
