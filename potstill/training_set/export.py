"""The training set that a student may learn from: its files, and what was left out and why."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple, cast

import click

from potstill.core.environment import load_env_file
from potstill.core.errors import InputError
from potstill.core.folder_hash import hash_file, hash_folder
from potstill.core.folders import replacing_folder
from potstill.core.params import Format, Params
from potstill.core.records import Split, read_json, split_files, write_json
from potstill.reading.exchanges import STRICT_GATES_FAILED
from potstill.training_set.card import write_card
from potstill.training_set.console import describe_export
from potstill.training_set.leakage import LeakFinder
from potstill.training_set.manifest import MANIFEST, write_manifest
from potstill.training_set.page_section import write_page_section
from potstill.training_set.phrases import describe_left_out
from potstill.training_set.run import describe_run
from potstill.training_set.selection import Files, Selected, Selection, draw_balanced, index_splits, select_split
from potstill.training_set.settings import check_settings
from potstill.training_set.summary import SplitSummary
from potstill.training_set.writing import LinesWriter, SplitWriter, list_llama_factory

FEWEST_ROWS = 10


class Inputs(NamedTuple):
    """The folders that an export is made of, and the file with the teacher's measures."""

    raw: Path
    requests: Path
    responses: Path
    answers: Path
    measures: Path


class Written(NamedTuple):
    """What was counted of a split as it was written, and its rows in each format."""

    summary: SplitSummary
    rows: Mapping[Format, int]


def export_examples(
    params: Params, raw: Path, requests: Path, responses: Path, answers: Path, measures: Path, export: Path, page: Path
) -> None:
    """Write the training set to the folder `export`, and what the report page shows of it to the script `page`.

    Raise InputError, and leave the folder as it was, if settings clash, a split would be empty, or a row is none that
    may be exported; remove the folder if the answers are a teacher's that failed a strict gate.
    """
    check_gates(answers / STRICT_GATES_FAILED, export)
    check_settings(params)
    load_env_file()
    inputs = Inputs(raw, requests, responses, answers, measures)
    with replacing_folder(export) as folder:
        written = write_splits(params, inputs, folder)
        manifest = describe_run(params, read_json(raw / "source.json"), read_json(measures), written)
        write_card(folder, manifest)
        write_manifest(folder, manifest)
    write_page_section(page, manifest, hash_folder(responses), hash_file(export / MANIFEST))
    for line in describe_export(manifest):
        click.echo(line)


def check_gates(failed: Path, export: Path) -> None:
    """Raise InputError with the error that analyze left in this file, if it did, and leave no earlier export."""
    if failed.is_file():
        shutil.rmtree(export, ignore_errors=True)
        raise InputError(read_json(failed)["error"])


def write_splits(params: Params, inputs: Inputs, folder: Path) -> dict[Split, Written]:
    """Write the files of each split, left_out.jsonl and dataset_info.json, and return what was written of each."""
    written: dict[Split, Written] = {}
    leaks = index_splits(params.export, inputs.raw)
    with closing(LinesWriter(folder / "left_out")) as left_out:
        for file in split_files(inputs.answers):
            split = cast("Split", file.stem)
            files = Files(split, inputs.requests / file.name, inputs.responses / file.name, file)
            questions = select_questions(params, files, leaks if split == "train" else None)
            written[split] = write_split(params, files, folder, left_out, questions)
    if info := list_llama_factory({split: one.rows for split, one in written.items()}):
        write_json(folder / "dataset_info.json", info)
    return written


def select_questions(params: Params, files: Files, leaks: LeakFinder | None) -> Iterator[Selected]:
    """Return what becomes of each question of a split; train alone is balanced, for which it is gone through twice."""
    is_balanced = files.split == "train" and params.export.balance == "downsample"
    last_ranks = draw_balanced(params, files, leaks) if is_balanced else None
    return select_split(files, Selection(params, files.split, leaks, last_ranks), "Exporting")


def write_split(
    params: Params, files: Files, folder: Path, left_out: LinesWriter, questions: Iterator[Selected]
) -> Written:
    """Write a split's examples, and what is left out of it; raise InputError at a row that must not be exported."""
    summary = SplitSummary()
    with SplitWriter(folder, files.split, params) as writer:
        for selected in questions:
            summary.add(selected)
            if selected.reason:
                left_out.write(build_left_out(files.split, selected))
            try:
                writer.write(selected.examples, selected.pairs)
            except ValueError as error:
                raise InputError(
                    f"{files.responses}: question {selected.answer.question_id!r}: {error}; nothing was exported: take "
                    "the question out of the source, or set export.target to letter if it is the teacher's text"
                ) from None
    check_rows(files, summary, writer.rows)
    return Written(summary, writer.rows)


def build_left_out(split: Split, selected: Selected) -> dict[str, Any]:
    """Return the row of left_out.jsonl for a question; `like` is the question of another split that it is like."""
    like = selected.like
    return {
        "split": split,
        "question_id": selected.answer.question_id,
        "reason": selected.reason,
        "like": like and like.question_id,
        "like_split": like and like.split,
        "similarity": like and like.similarity,
    }


def check_rows(files: Files, summary: SplitSummary, rows: Mapping[Format, int]) -> None:
    """Raise InputError if a split has no row in a format, or too few for what the format is made for."""
    for name, count in rows.items():
        if count == 0 and name == "preference":
            if files.split == "train":
                raise InputError(
                    "params.yaml: export.formats: preference expected train questions whose answers disagree, gold "
                    f"among them, found none of {summary.questions:,}; raise prepare.rotations, set export.target "
                    "to letter, since the teacher's words need both in one order, or take preference out"
                )
        elif count == 0:
            raise InputError(
                f"{files.answers}: expected a question that may be exported, found none of {summary.questions:,} "
                f"({describe_left_out(summary.left_out)}); change `export`, or how answers are read and decided (the "
                f"prompt's answer_format and structured, analyze.debias) in params.yaml, or take {files.split} out of "
                "prepare.splits"
            )
        elif files.split == "train" and name == "messages" and count < FEWEST_ROWS:
            raise InputError(
                f"{files.answers}: expected {FEWEST_ROWS} questions or more for messages, since fine-tuning at OpenAI "
                f"and Azure takes no fewer, got {count}; raise load.train, or choose prompt_completion"
            )
