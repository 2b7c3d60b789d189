"""Stage analyze: read a letter from each response, judge it by gold, and report how far to trust the teacher."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby, zip_longest
from pathlib import Path
from typing import Any

import click

from stages.choices import original_letter
from stages.errors import InputError, plain_errors
from stages.extraction import extract_answer
from stages.options import path_option
from stages.params import Params, Price, load_params
from stages.prices import cost_usd, known_price
from stages.quality.figures import Picture, draw_split
from stages.quality.page import Report, render_page, tell_verdict
from stages.quality.statistics import DECIMALS, OUTCOMES, split_metrics
from stages.quality.tables import (
    READING_COLUMNS,
    Frames,
    Judged,
    frame_splits,
    letter_table,
    outcome_table,
    write_table,
)
from stages.records import (
    Answer,
    Outcome,
    Reading,
    Request,
    Response,
    Usage,
    read_rows,
    replacing,
    split_files,
    write_json,
    write_rows,
)

CENT_USD = 0.01
ASCII = {ord("\N{EN DASH}"): "-", ord("\N{NO-BREAK SPACE}"): " "}


@click.command()
@path_option("source", "File that says what the questions are a sample of.")
@path_option("requests", "Folder with what was asked.")
@path_option("responses", "Folder with what came back.")
@path_option("answers", "Folder for {split}.jsonl.")
@path_option("reports", "Folder for metrics.json, tables, figures and index.html.")
def main(source: Path, requests: Path, responses: Path, answers: Path, reports: Path) -> None:
    """Judge the responses by the gold answers, and report how far to trust the teacher."""
    with plain_errors():
        analyze(load_params(), source, requests, responses, answers, reports)


def analyze(params: Params, source: Path, requests: Path, responses: Path, answers: Path, reports: Path) -> None:
    """Write the answers of each split and every report; an InputError says where the files of a split disagree."""
    sampled = read_source(source)
    splits = [judge_split(file.stem, *read_split(file, responses / file.name)) for file in split_files(requests)]
    for judged in splits:
        write_rows(answers / f"{judged.split}.jsonl", judged.answers)
    frames = frame_splits(splits, params.analyze.unread_sample)
    metrics = {judged.split: split_metrics(*frames.of_split(judged.split)) for judged in splits}
    usage = count_usage(
        [row for judged in splits for row in judged.responses], params.teachers[params.teacher].price_per_million
    )
    pictures = {split: draw_split(split, params.teacher, frames.of_split(split)[0]) for split in metrics}
    write_json(reports / "metrics.json", {**metrics, "usage": usage})
    write_tables(reports / "tables", frames)
    write_pictures(reports / "figures", pictures)
    facts = list_facts(params, sampled, splits, usage)
    report = Report(params.teacher, facts, splits[0].requests[:1], metrics, frames, pictures)
    write_bytes(reports / "index.html", render_page(report).encode())
    for split, numbers in metrics.items():
        click.echo(tell_verdict(params.teacher, split, numbers, frames).translate(ASCII))


def read_split(asked: Path, came: Path) -> tuple[list[Request], list[Response]]:
    """Read a split's requests and responses; an InputError names the first line that is not the request's response."""
    requests, responses = list(read_rows(asked, Request)), list(read_rows(came, Response))
    for line, (request, response) in enumerate(zip_longest(requests, responses), start=1):
        if request is None or response is None or request.id != response.id:
            expected = f"the response to {request.id!r}" if request else "the end of the file"
            found = f"the one to {response.id!r}" if response else "the end of the file"
            raise InputError(f"{came}: line {line}: expected {expected}, got {found}; run `make repro`")
    return requests, responses


def read_source(path: Path) -> dict[str, Any]:
    """Read what the questions are a sample of; an InputError says that the file is no JSON object."""
    if not path.is_file():
        raise InputError(f"{path}: expected a file of the stage before, found none; run `make repro`")
    try:
        source = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path}: expected JSON, but {error}; run `make repro`") from None
    if not isinstance(source, dict):
        raise InputError(f"{path}: expected a JSON object, got {source!r:.80}; run `make repro`")
    return source


def judge_split(split: str, requests: list[Request], responses: list[Response]) -> Judged:
    """Judge every response, and answer every question by the vote of its readings."""
    readings = [judge_response(*pair) for pair in zip(requests, responses, strict=True)]
    questions = groupby(zip(requests, readings, strict=True), key=lambda pair: pair[0].question_id)
    return Judged(split, requests, responses, [answer_question(list(pairs)) for _, pairs in questions])


def judge_response(request: Request, response: Response) -> Reading:
    """Read a letter as shown and compare it with gold; only what the teacher finished is read."""
    if response.status != "answered":
        return Reading(request_id=request.id, answer=None, outcome=response.status)
    extraction = extract_answer(response.content or "", request.choices)
    if extraction.outcome != "read":
        return Reading(request_id=request.id, answer=None, outcome=extraction.outcome)
    return Reading(request_id=request.id, answer=extraction.letter, outcome=_compare(extraction.letter, request.answer))


def answer_question(pairs: Sequence[tuple[Request, Reading]]) -> Answer:
    """Answer with the letter, in the original order, that most readings gave."""
    first, votes = pairs[0][0], Counter[str]()
    for request, reading in pairs:
        if reading.answer is not None:
            votes[original_letter(reading.answer, request.rotation, len(request.choices))] += 1
    leaders = [letter for letter, count in votes.items() if count == max(votes.values())]
    answer = leaders[0] if len(leaders) == 1 else None
    gold = first.answer and original_letter(first.answer, first.rotation, len(first.choices))
    shares = {letter: round(count / votes.total(), DECIMALS) for letter, count in sorted(votes.items())}
    return Answer(
        question_id=first.question_id,
        answer=answer,
        outcome=_compare(answer, gold) if answer else _unanswered([reading for _, reading in pairs], bool(votes)),
        confidence=shares[answer] if answer else None,
        distribution=shares,
        readings=[reading for _, reading in pairs],
    )


def count_usage(responses: Sequence[Response], price: Price | None) -> dict[str, int | float | None]:
    """Count the answers bought, each one once, and their cost: None where a price or a token count is unknown.

    A failed row has no answer that was bought, and rows with the same key share theirs.
    """
    bought = {response.key: response for response in responses if response.status != "failed"}.values()
    usages = [response.usage for response in bought if response.usage]
    used = Usage(
        prompt_tokens=sum(usage.prompt_tokens for usage in usages),
        completion_tokens=sum(usage.completion_tokens for usage in usages),
    )
    known, cost = known_price(price), None
    if known is not None:
        unmetered = any(response.usage is None and response.status in ("answered", "truncated") for response in bought)
        free = not (known.input or known.output)
        cost = round(cost_usd(known, used), DECIMALS) if free or not unmetered else None
    return {"requests": len(bought), **used.model_dump(), "cost_usd": cost}


def list_facts(
    params: Params, source: dict[str, Any], splits: Sequence[Judged], usage: dict[str, int | float | None]
) -> dict[str, str]:
    """List, in words, where questions and answers come from and what they cost."""
    teacher = params.teachers[params.teacher]
    served = sorted({response.model for judged in splits for response in judged.responses if response.model})
    name = f", {source['name']}" if source.get("name") else ""
    counts = [f"{judged.split}: {len(judged.answers):,} questions, {len(judged.requests):,} rows" for judged in splits]
    skipped = len(source.get("skipped") or [])
    return {
        "Data set": f"{source.get('dataset', 'unknown')} ({source.get('path', 'unknown')}{name})",
        "Revision": str(source.get("revision") or "none (local files)"),
        "Prompt": params.prompt,
        "Teacher": f"{params.teacher} ({teacher.model}, {teacher.provider}, temperature {teacher.temperature:g})",
        "Served as": ", ".join(served) or "unknown",
        "Sample": "; ".join(counts) + (f"; {skipped} bad rows skipped" if skipped else ""),
        "Tokens": f"{usage['prompt_tokens']:,} in prompts, {usage['completion_tokens']:,} in answers",
        "Cost": _tell_cost(usage["cost_usd"]),
    }


def write_tables(folder: Path, frames: Frames) -> None:
    """Write each table as a CSV file."""
    tables = {
        "readings": frames.readings[list(READING_COLUMNS)],
        "letters": letter_table(frames.readings),
        "by_type": frames.slices["question_type"],
        "by_length": frames.slices["length_band"],
        "outcomes": outcome_table(frames.readings, frames.questions),
        "unread": frames.unread,
    }
    for name, table in tables.items():
        write_table(folder / f"{name}.csv", table)


def write_pictures(folder: Path, pictures: Mapping[str, Mapping[str, Picture]]) -> None:
    """Write {split}_{name}.png and .svg."""
    for split, named in pictures.items():
        for name, picture in named.items():
            write_bytes(folder / f"{split}_{name}.png", picture.png)
            write_bytes(folder / f"{split}_{name}.svg", picture.svg)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    with replacing(path) as unfinished:
        unfinished.write_bytes(content)


def _tell_cost(cost_usd: float | None) -> str:
    """Write a cost to the cent, but never one as nothing that is something."""
    if cost_usd is None:
        return "unknown (no price, or no count of tokens)"
    return "less than 0.01 US dollars" if 0 < cost_usd < CENT_USD else f"{cost_usd:,.2f} US dollars"


def _compare(letter: str | None, gold: str | None) -> Outcome:
    """Say whether a letter is gold's."""
    if gold is None:
        return "unjudged"
    return "correct" if letter == gold else "wrong"


def _unanswered(readings: Sequence[Reading], tied: bool) -> Outcome:
    """Say why there is no answer: a tied vote, or the most frequent reason why no letter was read."""
    counts = Counter(reading.outcome for reading in readings)
    return "ambiguous" if tied else max(OUTCOMES, key=lambda outcome: counts[outcome])


if __name__ == "__main__":
    main()
