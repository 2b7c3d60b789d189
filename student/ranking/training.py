"""How a sentence encoder learns which option the teacher meant."""

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import click
import torch
from sentence_transformers import SentenceTransformer
from torch import Tensor

from potstill.core.progress import show_progress
from student.core.params import Rank
from student.ranking.checkpoints import Checkpoint
from student.ranking.encoder import embed, has_fast_bfloat16, score
from student.ranking.lessons import Lesson

WARM_UP = 0.1  # of the steps, in which the learning rate rises from 0
STEPS_BETWEEN_CHECKPOINTS = 50  # half a minute's work on two cores
ALIKE = 16  # batches among whose questions those of a batch are chosen by length
MAX_NORM = 1.0  # of a step's gradient
SEEDS_APART = 1_000_003  # more than there are steps

Log = Callable[[dict[str, float]], None]


def train(
    encoder: SentenceTransformer,
    lessons: Sequence[Lesson],
    settings: Rank,
    seed: int,
    log: Log = lambda _: None,
    checkpoint: Checkpoint | None = None,
) -> None:
    """Teach an encoder the lessons, from the checkpoint on where there is one; the seed decides the outcome.

    `log` gets the loss and the learning rate of each step from the first on, also of those before the checkpoint.
    """
    steps = list(draw_batches(lessons, settings, seed))
    optimizer = torch.optim.AdamW(encoder.parameters(), lr=settings.learning_rate, fused=True)
    history = _resume(encoder, optimizer, checkpoint)
    for entry in history:
        log(entry)
    if history:
        click.echo(f"going on after step {len(history):,} of {len(steps):,}")
    encoder.train()
    for step in show_progress(range(len(history), len(steps)), "training", len(steps) - len(history), "step"):
        torch.manual_seed(
            seed * SEEDS_APART + step
        )  # what is dropped out of a step does not depend on where a run went on
        rate = settings.learning_rate * find_rate(step, len(steps))
        loss = take_step(encoder, optimizer, steps[step], settings.scale, rate)
        history.append({"train/loss": loss, "train/learning_rate": rate})
        log(history[-1])
        if checkpoint and len(history) % STEPS_BETWEEN_CHECKPOINTS == 0:
            states = {"encoder": encoder.state_dict(), "optimizer": optimizer.state_dict()}
            checkpoint.write({**states, "history": history})
    encoder.eval()


def _resume(
    encoder: SentenceTransformer, optimizer: torch.optim.Optimizer, checkpoint: Checkpoint | None
) -> list[dict[str, float]]:
    """Take the state of a checkpoint, and return what was logged until then."""
    state: dict[str, Any] | None = checkpoint.read() if checkpoint else None
    if state is None:
        return []
    encoder.load_state_dict(state["encoder"])
    optimizer.load_state_dict(state["optimizer"])
    return list(state["history"])


def draw_batches(lessons: Sequence[Lesson], settings: Rank, seed: int) -> Iterator[list[Lesson]]:
    """Yield the lessons of each step; each epoch has its own order.

    A step's questions are about as long as each other, drawn from enough batches to be different otherwise, since all
    that is padded costs time.
    """
    size = settings.batch_size
    for epoch in range(settings.epochs):
        draws = random.Random(f"batches {seed} {epoch}")  # noqa: S311 (no secret)
        order = draws.sample(list(lessons), len(lessons))
        alike = [one for part in cut(order, ALIKE * size) for one in sorted(part, key=lambda one: len(one.question))]
        batches = list(cut(alike, size))
        yield from draws.sample(batches, len(batches))


def cut(lessons: list[Lesson], size: int) -> Iterator[list[Lesson]]:
    """Yield the lessons in parts of a size, the last one of what is left."""
    return (lessons[start : start + size] for start in range(0, len(lessons), size))


def find_rate(step: int, steps: int) -> float:
    """Return the share of the learning rate that a step has: up to 1 while warming up, then down to 0."""
    warm_up = max(1, int(WARM_UP * steps))
    return min((step + 1) / warm_up, (steps - step) / max(1, steps - warm_up))


def take_step(
    encoder: SentenceTransformer, optimizer: torch.optim.Optimizer, lessons: Sequence[Lesson], scale: float, rate: float
) -> float:
    """Move the weights once, and return the loss before."""
    for group in optimizer.param_groups:
        group["lr"] = rate
    loss = compute_loss(encoder, lessons, scale)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(encoder.parameters(), MAX_NORM)
    optimizer.step()
    optimizer.zero_grad()
    return float(loss.detach())


def compute_loss(encoder: SentenceTransformer, lessons: Sequence[Lesson], scale: float) -> Tensor:
    """Return the mean cross-entropy of what the encoder gives the options against what they are to have.

    Questions and options are read apart, since options are short, and padding would make them as long.
    """
    with torch.autocast("cpu", torch.bfloat16, enabled=has_fast_bfloat16(encoder)):
        asked = embed(encoder, [one.question for one in lessons])
        offered = embed(encoder, [text for one in lessons for text in one.options])
    scores = score(asked, offered, [len(one.options) for one in lessons], scale)
    labels = torch.zeros_like(scores)
    for row, one in zip(labels, lessons, strict=True):
        row[: len(one.label)] = torch.tensor(one.label)
    there = torch.isfinite(scores)
    return -(labels[there] * scores.log_softmax(dim=1)[there]).sum() / len(lessons)
