"""student/params.yaml: its sections, read and checked."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from potstill.core.params_file import read_params
from potstill.core.sections import Positive, Section

PARAMS_FILE = Path("student/params.yaml")
BUNDLED = "bundled"
Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]


class Chat(Section):
    """A language model, and how it is taught."""

    model: str = Field(description="bundled (SmolLM2-135M-Instruct), a model on the Hub, or a folder with one")
    revision: str | None = Field(default=None, description="the Hub commit to take; null: the newest")
    method: Literal["lora", "full"] = Field(description="lora (small matrices beside the weights) or full")
    lora_rank: Count = Field(description="rows of these matrices: 1 or more")
    epochs: Positive = Field(description="times that each row is seen: above 0")
    max_steps: Count | None = Field(default=None, description="steps to end after: 1 or more; null: after the epochs")
    batch_size: Count = Field(description="rows of a step: 1 or more")
    learning_rate: Positive = Field(description="of the first step, falling linearly to 0: above 0")
    max_tokens: Count = Field(description="tokens of a row: 1 or more; a longer one is an error")
    save_steps: Count = Field(description="steps from one checkpoint to the next: 1 or more")
    onnx: bool = Field(description="whether the model to use is written for onnxruntime-genai as well")


class Rank(Section):
    """A sentence encoder, and how it is taught."""

    model: str = Field(description="bundled (all-MiniLM-L6-v2), a model on the Hub, or a folder with one")
    revision: str | None = Field(default=None, description="the Hub commit to take; null: the newest")
    labels: Literal["distribution", "answer"] = Field(
        description="what is learned: the teacher's distribution over the options, or its answer"
    )
    epochs: Count = Field(description="times that each question is seen: 1 or more")
    batch_size: Count = Field(description="questions of a step: 1 or more")
    learning_rate: Positive = Field(
        description="reached after a tenth of the steps, then falling linearly to 0: above 0"
    )
    scale: Positive = Field(description="what cosines are multiplied by before they become probabilities: above 0")


class Ask(Section):
    """Which questions students are judged by, and how long their answers may be."""

    split: Literal["validation", "test"] = Field(description="validation or test")
    max_tokens: Count = Field(description="tokens of one answer: 1 or more")


class StudentParams(Section):
    """All of student/params.yaml."""

    seeds: Annotated[list[Seed], Field(min_length=1)] = Field(
        description="a student and a control are trained for each: one or more integers from 0 to 4294967295"
    )
    chat: Chat = Field(description="a language model that is taught data/export/messages")
    rank: Rank = Field(description="a sentence encoder that is taught data/export/soft_labels")
    ask: Ask = Field(description="how students are asked")

    @field_validator("seeds")
    @classmethod
    def check_seeds(cls, seeds: list[int]) -> list[int]:
        """Refuse a seed that is there twice, whose runs would be one."""
        if len(set(seeds)) < len(seeds):
            raise ValueError(f"expected each seed once, got {seeds}")
        return seeds


def load_student_params(path: Path = PARAMS_FILE) -> StudentParams:
    """Read and check student/params.yaml; raise InputError with one sentence for a mistake."""
    return read_params(path, StudentParams)
