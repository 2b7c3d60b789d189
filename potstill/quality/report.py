"""From judged questions to every report: metrics, tables, figures and the page."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from potstill.core.errors import InputError
from potstill.core.params import Params
from potstill.core.records import Answer, replacing, split_files, write_json, write_rows
from potstill.quality.explorer import Sample
from potstill.quality.figures import draw_split
from potstill.quality.frames import FrameBuilder
from potstill.quality.gates import judge_gates, list_failed
from potstill.quality.page import Report, render_page
from potstill.quality.pictures import Picture
from potstill.quality.statistics import guessing_accuracy, split_metrics
from potstill.quality.tables import make_tables, write_table
from potstill.quality.usage import UsageCounter, describe_cost
from potstill.quality.verdicts import describe_verdict
from potstill.reading.judging import Judged, judge_split

ASCII = {ord("\N{EN DASH}"): "-", ord("\N{NO-BREAK SPACE}"): " "}


@dataclass
class ReportInputs:
    """What is kept of the questions as they pass: counts, columns, and a sample; never all of their texts."""

    sample: Sample
    usage: UsageCounter
    frames: FrameBuilder = field(default_factory=FrameBuilder)
    counts: dict[str, tuple[int, int]] = field(default_factory=dict)
    models: set[str] = field(default_factory=set)

    def note(self, split: str, questions: Iterator[Judged]) -> Iterator[Answer]:
        """Pass on the questions' answers, and keep what is needed of them."""
        asked = came = 0
        for judged in questions:
            asked, came = asked + 1, came + len(judged.responses)
            self.frames.add(split, judged)
            self.sample.add(split, judged)
            for response in judged.responses:
                self.usage.add(response)
                self.models |= {response.model} if response.model else set()
            yield judged.answer
        self.counts[split] = asked, came


def analyze(params: Params, raw: Path, requests: Path, responses: Path, answers: Path, reports: Path) -> None:
    """Write the answers of each split and every report; an InputError tells of files that disagree or a failed gate."""
    source = read_source(raw / "source.json")
    seen = ReportInputs(
        Sample(params.analyze.explorer_rows), UsageCounter(params.teachers[params.teacher].price_per_million)
    )
    for file in split_files(requests):
        questions = judge_split(
            raw / file.name, file, responses / file.name, params.prompts[params.prompt].answer_format
        )
        write_rows(answers / file.name, seen.note(file.stem, questions))
    report = make_report(params, source, seen)
    write_json(reports / "metrics.json", {**report.metrics, "usage": seen.usage.count()})
    for name, table in report.tables.items():
        write_table(reports / "tables" / f"{name}.csv", table)
    write_pictures(reports / "figures", report.pictures)
    write_bytes(reports / "index.html", render_page(report).encode(errors="replace"))
    for split, numbers in report.metrics.items():
        click.echo(describe_verdict(params.teacher, split, numbers, report.frames).translate(ASCII))
    report_gates(report, reports / "index.html", strict=params.analyze.gates.strict)


def read_source(path: Path) -> dict[str, Any]:
    """Read what the questions are a sample of; an InputError says that the file is no JSON object."""
    if not path.is_file():
        raise InputError(f"{path}: expected a file of the stage before, found none; run `make repro`")
    try:
        source = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path}: expected JSON, but {error}; run `make repro`") from None
    if not isinstance(source, dict) or not isinstance(source.get("skipped", []), list):
        raise InputError(f"{path}: expected a JSON object as `load` writes it, got {source!r:.80}; run `make repro`")
    return source


def make_report(params: Params, source: dict[str, Any], seen: ReportInputs) -> Report:
    """Work out the numbers of every split, and gather what the page tells."""
    frames, gates = seen.frames.build(), params.analyze.gates
    tables = make_tables(frames)
    metrics, pictures = {}, {}
    for split in seen.counts:
        readings, questions = frames.of_split(split)
        numbers = split_metrics(readings, questions)
        metrics[split] = numbers | {"gates": judge_gates(gates, numbers, guessing_accuracy(questions))}
        pictures[split] = draw_split(split, params.teacher, readings, tables)
    facts = list_facts(params, source, seen)
    return Report(params.teacher, facts, gates, metrics, frames, tables, pictures, seen.sample)


def list_facts(params: Params, source: dict[str, Any], seen: ReportInputs) -> dict[str, str]:
    """List, in words, where questions and answers come from and what they cost."""
    teacher, usage = params.teachers[params.teacher], seen.usage.count()
    name = f", {source['name']}" if source.get("name") else ""
    counts = [f"{split}: {asked:,} questions, {came:,} rows" for split, (asked, came) in seen.counts.items()]
    skipped = len(source.get("skipped") or [])
    answer_format = params.prompts[params.prompt].answer_format
    temperature = "none" if teacher.temperature is None else f"{teacher.temperature:g}"
    return {
        "Data set": f"{source.get('dataset', 'unknown')} ({source.get('path', 'unknown')}{name})",
        "Revision": str(source.get("revision") or "none (local files)"),
        "Prompt": f"{params.prompt} (answer format {answer_format})" if answer_format else params.prompt,
        "Teacher": f"{params.teacher} ({teacher.model}, {teacher.provider}, temperature {temperature})",
        "Served as": ", ".join(sorted(seen.models)) or "unknown",
        "Sample": "; ".join(counts) + (f"; {skipped} bad rows skipped" if skipped else ""),
        "Tokens": f"{usage['prompt_tokens']:,} in prompts, {usage['completion_tokens']:,} in answers",
        "Cost": describe_cost(usage["cost_usd"]),
    }


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


def report_gates(report: Report, page: Path, *, strict: bool) -> None:
    """Say which gates failed; if strict, an InputError stops the pipeline here, with the report written."""
    failed = list_failed(report.metrics)
    if failed and strict:
        raise InputError(
            f"params.yaml: analyze.gates: not passed: {', '.join(failed)}; {page} says more, and nothing new is "
            "exported: choose another teacher or prompt, or set analyze.gates.strict to false"
        )
    if failed:
        click.echo(f"gates not passed: {', '.join(failed)}", err=True)
