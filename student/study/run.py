"""The study: four training sets, some students of each, and what they have right of questions that none has seen."""

import os
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import click
import numpy as np
from pydantic import Field

from potstill.core.errors import InputError
from potstill.core.params_file import read_params
from potstill.core.records import Question, read_json, write_json
from potstill.core.sections import Section
from student.core.params import Count, Rank, load_student_params
from student.core.training_set import read_questions
from student.study.drawing import draw_askings
from student.study.noise import Noise, read_noise
from student.study.results import summarize
from student.study.sets import TrainingSet, build_sets

SETTINGS_FILE = Path("student/study/settings.yaml")
NOISE_FILE = Path("student/study/noise.json")
UNTRAINED = "untrained"
PACKAGES = ("sentence-transformers", "torch", "transformers")
Share = Annotated[float, Field(ge=0, le=1)]


class Settings(Section):
    """All of settings.yaml."""

    questions: Count
    seeds: Annotated[list[int], Field(min_length=1)]
    rotations: Count
    failed_share: Share
    draw: Annotated[int, Field(ge=0)]


def run_study(raw: Path, checkpoints: Path, results: Path) -> None:
    """Train and judge the students that are not yet judged, and write the results anew after each."""
    settings, noise, rank = read_params(SETTINGS_FILE, Settings), read_noise(NOISE_FILE), load_student_params().rank
    asked = read_questions(raw, "validation")
    sets = draw_sets(read_questions(raw, "train"), asked, noise, settings, raw)
    runs: dict[str, dict[str, Any]] = {}
    for name, seed in [(UNTRAINED, 0), *((name, seed) for seed in settings.seeds for name in sets)]:
        runs[f"{name}-{seed}"] = judge_student(sets.get(name), name, seed, rank, asked, checkpoints)
        click.echo(f"{name}-{seed}: {sum(runs[f'{name}-{seed}']['right']):,} of {len(asked):,} right")
        facts = {
            "questions": settings.questions, "asked": len(asked), "settings": settings.model_dump(),
            "rank": rank.model_dump(), "versions": {package: version(package) for package in PACKAGES},
            "cores": os.cpu_count(), "minutes": round(sum(run["seconds"] for run in runs.values()) / 60),
        }  # fmt: skip
        write_json(results, facts | summarize(runs, sets, settings.seeds))


def draw_sets(
    questions: Sequence[Question], asked: Sequence[Question], noise: Noise, settings: Settings, raw: Path
) -> Mapping[str, TrainingSet]:
    """Return the four sets of the first questions; raise InputError if these are too few, or among those asked."""
    if len(questions) < settings.questions:
        raise InputError(
            f"{raw}/train.jsonl: expected {settings.questions:,} questions, got {len(questions):,}; raise "
            f"load.train in params.yaml, or lower questions in {SETTINGS_FILE}"
        )
    taught = questions[: settings.questions]
    if leaks := {one.question for one in taught} & {one.question for one in asked}:
        raise InputError(f"{raw}/train.jsonl: expected no question of validation, got {min(leaks)!r}; leave it out")
    draws = np.random.default_rng(settings.draw)
    return build_sets(
        taught, [draw_askings(one, noise, settings.rotations, settings.failed_share, draws) for one in taught]
    )


def judge_student(
    taught: TrainingSet | None, name: str, seed: int, rank: Rank, asked: Sequence[Question], checkpoints: Path
) -> dict[str, Any]:
    """Return which questions a student has right, and the seconds that it took; one that was judged is not again."""
    from student.ranking.answering import answer_questions  # noqa: PLC0415 (it imports torch)
    from student.ranking.checkpoints import Checkpoint, name_checkpoint  # noqa: PLC0415 (likewise)
    from student.ranking.encoder import load_encoder, naming_memory  # noqa: PLC0415 (likewise)
    from student.ranking.training import train  # noqa: PLC0415 (likewise)

    encoder, start = load_encoder(rank.model, rank.revision), time.perf_counter()
    lessons = taught.lessons if taught else []
    run = name_checkpoint(name, encoder, lessons, rank, seed)
    kept = checkpoints / "study" / f"{run}.json"
    if kept.is_file():
        return read_json(kept)
    with naming_memory():
        if lessons:
            checkpoint = Checkpoint(checkpoints / "study" / run)
            train(encoder, lessons, rank, seed, checkpoint=checkpoint)
        answers = answer_questions(encoder, asked, rank.scale)
    judged = {
        "right": [int(one.outcome == "correct") for one in answers],
        "seconds": round(time.perf_counter() - start, 1),
    }
    write_json(kept, judged)
    if lessons:
        checkpoint.remove()
    return judged
