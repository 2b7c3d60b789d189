"""A student in the teacher's place: params.yaml with nothing changed but who answers."""

import hashlib
from pathlib import Path

from potstill.core.catalogues import Teacher
from potstill.core.errors import InputError
from potstill.core.params import Params
from student.core.params import Ask
from student.core.runs import Run

WEIGHTS = "model.gguf"


def put_in_place(params: Params, run: Run, served: Path, ask: Ask) -> Params:
    """Return params by which a student is asked what the teacher was; raise InputError if its weights are not there."""
    name = f"student-{run}"
    weights = served / WEIGHTS
    if not weights.is_file():
        raise InputError(f"{weights}: expected the weights of a student, found none; run `make student`")
    with weights.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    teacher = Teacher(
        provider="local", model=name, weights=str(weights), sha256=sha256, temperature=0, max_tokens=ask.max_tokens
    )
    return params.model_copy(update={"teacher": name, "teachers": {name: teacher}, "price_per_million": {}})
