"""From judged questions to every report: metrics, tables, figures and the page."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from potstill.core.errors import InputError
from potstill.core.folder_hash import hash_folder
from potstill.core.params import Params
from potstill.core.prices import find_price
from potstill.core.records import Answer, read_json, replacing, split_files, write_json, write_rows
from potstill.core.wording import ASCII, format_cost
from potstill.quality.explorer import ExplorerRows
from potstill.quality.figures import draw_split
from potstill.quality.frames import LISTED_COLUMNS, FrameBuilder, Frames
from potstill.quality.gates import describe_failures, judge_gates
from potstill.quality.method_report import draw_methods
from potstill.quality.methods import MethodRows, method_table, prior_table
from potstill.quality.page import Report, render_page
from potstill.quality.statistics import guessing_accuracy, split_metrics
from potstill.quality.tables import listing_rows, make_tables, write_table
from potstill.quality.usage import UsageCounter
from potstill.quality.verdicts import describe_verdict
from potstill.reading.debiasing import Debiasing
from potstill.reading.exchanges import STRICT_GATES_FAILED
from potstill.reading.judging import JudgedQuestion, judge_split
from potstill.reading.planning import plan_debiasing


@dataclass
class ReportInputs:
    """What is kept of the questions as they pass: columns, sums, and a sample; never all of their texts."""

    sample: ExplorerRows
    usage: UsageCounter
    frames: FrameBuilder
    debiasing: Debiasing = field(default_factory=Debiasing)
    methods: MethodRows = field(default_factory=MethodRows)
    splits: list[str] = field(default_factory=list)

    def collect(self, split: str, questions: Iterator[JudgedQuestion]) -> Iterator[Answer]:
        """Yield the questions' answers, and keep what the report needs of them."""
        self.splits.append(split)
        for question in questions:
            self.frames.add(split, question)
            self.methods.add(split, question)
            self.sample.add(split, question)
            for exchange in question.exchanges:
                self.usage.add(exchange.response)
            yield question.answer


def analyze(params: Params, raw: Path, requests: Path, responses: Path, answers: Path, reports: Path) -> None:
    """Write the answers of each split and every report; raise InputError if files are missing or disagree."""
    source = read_source(raw / "source.json")
    answer_format = params.prompts[params.prompt].answer_format
    teacher, files = params.teachers[params.teacher], split_files(requests)
    debiasing = plan_debiasing(
        params.analyze.debias,
        [(file, responses / file.name) for file in files],
        answer_format,
        asks_logprobs=bool(teacher.extras.get("logprobs")),
    )
    usage, sample = UsageCounter(find_price(params)), ExplorerRows(params.analyze.explorer_rows)
    with listing_rows(reports / "tables" / "readings.csv", LISTED_COLUMNS) as list_row:
        inputs = ReportInputs(sample, usage, FrameBuilder(list_row), debiasing)
        for file in files:
            questions = judge_split(raw / file.name, file, responses / file.name, answer_format, debiasing)
            write_rows(answers / file.name, inputs.collect(file.stem, questions))
    report = make_report(params, source, inputs, hash_folder(responses))
    write_report(reports, report, inputs.usage.count())
    for split, numbers in report.metrics.items():
        click.echo(
            describe_verdict(params.teacher, split, numbers, report.frames, report.tables["tests"]).translate(ASCII)
        )
    report_gates(report, reports / "index.html", answers / STRICT_GATES_FAILED)


def read_source(path: Path) -> dict[str, Any]:
    """Return what the questions are a sample of; raise InputError if the file is no such JSON object."""
    source = read_json(path)
    if not isinstance(source.get("skipped", []), list):
        raise InputError(f"{path}: expected a JSON object as `load` writes it, got {source!r:.80}; run `make repro`")
    return source


def make_report(params: Params, source: dict[str, Any], inputs: ReportInputs, responses: str) -> Report:
    """Return the numbers of every split, and what else the page shows; `responses` is what DVC calls the responses."""
    frames, gates = inputs.frames.build(), params.analyze.gates
    methods = inputs.methods.build()
    tables = make_tables(frames) | {
        "methods": method_table(methods),
        "letter_prior": prior_table(methods, inputs.debiasing.priors),
    }
    metrics, pictures = {}, {}
    for split in inputs.splits:
        readings, questions = frames.of_split(split)
        numbers = split_metrics(readings, questions)
        metrics[split] = numbers | {"gates": judge_gates(gates, numbers, guessing_accuracy(questions))}
        pictures[split] = draw_split(split, params.teacher, readings, tables)
    # No commit stands here: the page must be the same at each commit that has the same answers.
    found = {"Responses": f"{responses}; `git log --oneline -S {responses} -- dvc.lock` names their commits"}
    facts = list_facts(params, source, inputs, frames) | found
    method_reports = {
        split: draw_methods(split, params.teacher, inputs.debiasing.method, answers)
        for split, answers in methods.items()
    }
    return Report(
        params.teacher, facts, gates, metrics, frames, tables, pictures, inputs.sample, responses, method_reports
    )


def list_facts(params: Params, source: dict[str, Any], inputs: ReportInputs, frames: Frames) -> dict[str, str]:
    """Return, in words, where questions and answers come from and what they cost."""
    teacher, usage = params.teachers[params.teacher], inputs.usage.count()
    name = f", {source['name']}" if source.get("name") else ""
    sizes = {split: tuple(map(len, frames.of_split(split))) for split in inputs.splits}
    counts = [f"{split}: {questions:,} questions, {rows:,} rows" for split, (rows, questions) in sizes.items()]
    skipped = len(source.get("skipped") or [])
    prompt = params.prompts[params.prompt]
    held = ", structured" if prompt.structured else ""
    form = f" (answer format {prompt.answer_format}{held})" if prompt.answer_format else ""
    thoughts = f", {usage['reasoning_tokens']:,} of them reasoning" if "reasoning_tokens" in usage else ""
    temperature = "none" if teacher.temperature is None else f"{teacher.temperature:g}"
    price = find_price(params)
    return {
        "Data set": f"{source.get('dataset', 'unknown')} ({source.get('path', 'unknown')}{name})",
        "Revision": str(source.get("revision") or "none (local files)"),
        "Prompt": params.prompt + form,
        "Teacher": f"{params.teacher} ({teacher.model}, {teacher.provider}, temperature {temperature})",
        "Served as": ", ".join(sorted(inputs.usage.models)) or "unknown",
        "Sample": "; ".join(counts) + (f"; {skipped:,} bad rows skipped" if skipped else ""),
        "Tokens": f"{usage['prompt_tokens']:,} in prompts, {usage['completion_tokens']:,} in answers{thoughts}",
        "Cost": format_cost(usage["cost_usd"]) + (f", price: {price.source}" if price else ""),
    }


def write_report(reports: Path, report: Report, usage: Mapping[str, int | float | None]) -> None:
    """Write metrics.json, tables/, figures/{split}_{name}.png and .svg, and index.html."""
    write_json(reports / "metrics.json", select_metrics(report.metrics, usage))
    write_json(reports / "tables" / "measures.json", {**report.metrics, "usage": usage})
    for name, table in report.tables.items():
        write_table(reports / "tables" / f"{name}.csv", table)
    for split, own in report.pictures.items():
        compared = report.method_reports[split].figures if split in report.method_reports else {}
        for name, picture in {**own, **{name: picture for name, (picture, _) in compared.items()}}.items():
            write_bytes(reports / "figures" / f"{split}_{name}.png", picture.png)
            write_bytes(reports / "figures" / f"{split}_{name}.svg", picture.svg)
    write_bytes(reports / "index.html", render_page(report).encode(errors="replace"))


def select_metrics(measures: Mapping[str, Mapping[str, Any]], usage: Mapping[str, Any]) -> dict[str, Any]:
    """Return what people compare of a run: few numbers with short names, since DVC prints each as a column.

    A split's spread of recall, the flip rate where choices were rotated, and tokens of reasoning are left out where
    there are none.
    """
    compared: dict[str, Any] = {}
    for split, numbers in measures.items():
        optional = {"recall_std": numbers["position_bias"]["recall_std"], "flip_rate": numbers.get("flip_rate")}
        compared[split] = {name: numbers[name] for name in ("accuracy", "answered_rate")}
        compared[split] |= {name: number for name, number in optional.items() if number is not None}
    reasoning = {"reasoning_tokens": usage["reasoning_tokens"]} if "reasoning_tokens" in usage else {}
    tokens = usage["prompt_tokens"] + usage["completion_tokens"]
    return compared | {"tokens": tokens, **reasoning, "cost_usd": usage["cost_usd"]}


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    with replacing(path) as unfinished:
        unfinished.write_bytes(content)


def report_gates(report: Report, page: Path, strict_failed: Path) -> None:
    """Print which gates failed; if they are strict, leave the error that export is to stop with in `strict_failed`."""
    strict_failed.unlink(missing_ok=True)
    failures = ", ".join(describe_failures(report.metrics))
    if failures:
        click.echo(f"gates not passed: {failures}", err=True)
    if failures and report.gates.strict:
        error = (
            f"params.yaml: analyze.gates: not passed: {failures}; {page} says more, and nothing is exported: choose "
            "another teacher or prompt, or set analyze.gates.strict to false"
        )
        write_json(strict_failed, {"error": error})
