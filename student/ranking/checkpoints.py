"""What a training that was killed goes on from."""

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from sentence_transformers import SentenceTransformer

from potstill.core.records import replacing
from student.core.params import Rank
from student.ranking.encoder import has_fast_bfloat16
from student.ranking.lessons import Lesson

LIBRARIES = ("sentence-transformers", "torch", "transformers")


def hash_weights(encoder: SentenceTransformer) -> str:
    """Return the SHA-256 of an encoder's weights."""
    digest = hashlib.sha256()
    for name, tensor in sorted(encoder.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def name_checkpoint(
    run: str, encoder: SentenceTransformer, lessons: Sequence[Lesson], settings: Rank, seed: int
) -> str:
    """Return a name that two trainings share only if they end in the same weights."""
    deciding = [
        hash_weights(encoder), [asdict(one) for one in lessons], settings.model_dump(), seed,
        [version(name) for name in LIBRARIES], encoder.device.type, has_fast_bfloat16(encoder),
    ]  # fmt: skip
    return f"{run}-{hashlib.sha256(json.dumps(deciding).encode()).hexdigest()[:16]}"


class Checkpoint:
    """The newest state of one training, in a folder of its own: whole, or not there."""

    def __init__(self, folder: Path) -> None:
        """Take the folder."""
        self._folder, self._file = folder, folder / "state.pt"

    def read(self) -> dict[str, Any] | None:
        """Return the state, or None where there is none."""
        if not self._file.is_file():
            return None
        state: dict[str, Any] = torch.load(self._file, map_location="cpu", weights_only=True)
        return state

    def write(self, state: dict[str, Any]) -> None:
        """Write the state in place of the one before."""
        with replacing(self._file) as unfinished:
            torch.save(state, unfinished)

    def remove(self) -> None:
        """Remove the folder, which a training that has ended needs no more."""
        shutil.rmtree(self._folder, ignore_errors=True)
