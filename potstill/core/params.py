"""The model of params.yaml: three choices, three catalogues, and a section for each stage."""

import string
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, field_validator, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.reader import ReaderError

from potstill.core.errors import InputError
from potstill.core.records import AnswerFormat, Split
from potstill.core.validation_errors import format_validation_error

PARAMS_FILE = Path("params.yaml")
PLACEHOLDERS = ("question", "answer_choices", "labels")

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]
Size = Annotated[int, Field(ge=0)] | None
Share = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """A part of params.yaml: unknown keys, wrong types and numbers without an end are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Splits(Section):
    """The dataset's own name of each split; None where it has none."""

    train: str = "train"
    validation: str | None = "validation"
    test: str | None = "test"


class Columns(Section):
    """Where a Question's parts stand in a schema that no adapter knows."""

    question: str
    choices: str | list[str]
    answer: str | None = None
    answer_is: Literal["label", "index", "text"] = "label"
    id: str | None = None
    concept: str | None = None

    @field_validator("choices", mode="before")
    @classmethod
    def check_names(cls, choices: object) -> object:
        """Refuse in one sentence what is neither of the two."""
        names = choices if isinstance(choices, list) else [choices]
        if not names or not all(isinstance(name, str) for name in names):
            raise ValueError(f"expected a column's name or a list of them, got {choices!r}")
        return choices


class Dataset(Section):
    """A Hub dataset, or a file or folder below data/source."""

    path: str
    name: str | None = None
    revision: str | None = None
    splits: Splits = Splits()
    columns: Columns | None = None


class Load(Section):
    """How many questions to take of each split (None = all), and how."""

    train: Size
    validation: Size
    test: Size
    sample: Literal["head", "random"] = "head"
    seed: int = 0
    on_bad_row: Literal["stop", "skip"] = "stop"


class Prompt(Section):
    """A system and a user message with placeholders in braces, and how what they ask for is to be read."""

    system: str
    user: str
    answer_format: AnswerFormat | None = None

    @field_validator("system", "user")
    @classmethod
    def check_placeholders(cls, template: str) -> str:
        """Accept the known placeholders only, written plainly."""
        legal = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        try:
            fields = [part for part in string.Formatter().parse(template) if part[1] is not None]
        except ValueError as error:
            raise ValueError(f"{error}; write {{{{ and }}}} for braces that are meant as such") from None
        for _, name, spec, conversion in fields:
            if name not in PLACEHOLDERS or spec or conversion:
                written = f"{name}{f'!{conversion}' if conversion else ''}{f':{spec}' if spec else ''}"
                raise ValueError(f"{{{written}}} is no placeholder; legal are {legal}, and {{{{ }}}} for plain braces")
        return template

    @model_validator(mode="after")
    def check_that_it_asks(self) -> Self:
        """Refuse a prompt that is the same for every question, and so would be asked and answered once for all."""
        parts = [*string.Formatter().parse(self.system), *string.Formatter().parse(self.user)]
        for name in ("question", "answer_choices"):
            if name not in [field for _, field, _, _ in parts]:
                raise ValueError(f"expected {{{name}}} in system or user, found it in neither")
        return self


class Prepare(Section):
    """Which splits to ask about, in how many rotations of the choices, how many times each."""

    rotations: Annotated[int, Field(ge=1, le=26)]
    replicates: Annotated[int, Field(ge=1)]
    splits: Annotated[list[Split], Field(min_length=1)]

    @field_validator("splits")
    @classmethod
    def check_each_once(cls, splits: list[Split]) -> list[Split]:
        """Refuse a split that is named twice."""
        if len(set(splits)) < len(splits):
            raise ValueError("each split may be named once")
        return splits


class Price(Section):
    """US dollars per million tokens; None where unknown."""

    input: Annotated[float, Field(ge=0)] | None
    output: Annotated[float, Field(ge=0)] | None


class Teacher(Section):
    """A model, where it is served, and how it is sampled."""

    provider: Literal["local", "azure", "openai"]
    model: str
    temperature: Annotated[float, Field(ge=0, le=2)] | None = 0
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    seed: int | None = None
    max_tokens: Annotated[int, Field(ge=1)] = 4000
    extras: dict[str, JsonValue] = {}
    credentials: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")] = "TEACHER_MODEL"
    scope: str | None = None
    price_per_million: Price | None = None


class Gates(Section):
    """What a teacher must reach; None is off. A failed gate stops the stage if `strict`."""

    min_answered_rate: Share | None = None
    min_accuracy: Share | None = None
    better_than_chance: bool | None = None
    max_recall_std: Share | None = None
    max_tv_distance: Share | None = None
    strict: bool = False


class Analyze(Section):
    """How many rows the report's explorer holds, and what the teacher must reach."""

    explorer_rows: Annotated[int, Field(ge=0)]
    gates: Gates = Gates()


class Export(Section):
    """Which training files to write, of which rows."""

    formats: Annotated[list[Literal["question_answer"]], Field(min_length=1)]
    keep: Literal["read", "correct"]


class Runtime(Section):
    """How to ask; it changes no result, so no stage tracks it."""

    concurrency: Annotated[int, Field(ge=1)]
    timeout_s: Annotated[float, Field(gt=0)]
    max_attempts: Annotated[int, Field(ge=1)]
    max_failed_fraction: Annotated[float, Field(ge=0, le=1)]
    max_failures_in_a_row: Annotated[int, Field(ge=1)]
    requests_per_minute: Annotated[float, Field(gt=0)] | None
    tokens_per_minute: Annotated[float, Field(gt=0)] | None
    budget_usd: Annotated[float, Field(ge=0)] | None


class Params(Section):
    """All of params.yaml."""

    dataset: str
    prompt: str
    teacher: str
    datasets: dict[Name, Dataset]
    load: Load
    prompts: dict[Name, Prompt]
    prepare: Prepare
    teachers: dict[Name, Teacher]
    analyze: Analyze
    export: Export
    runtime: Runtime


def load_params(path: Path = PARAMS_FILE) -> Params:
    """Read and check params.yaml; an InputError names the key, the legal values and what came instead."""
    if not path.is_file():
        raise InputError(
            f"{path}: not found in {path.absolute().parent}; run from the project's folder, beside dvc.yaml"
        )
    try:
        params = Params.model_validate(YAML(typ="safe").load(path.read_text(encoding="utf-8")))
    except MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise InputError(f"{path}: {line}no valid YAML: {error.problem}") from None
    except ReaderError as error:
        raise InputError(f"{path}: character {error.position + 1}: no valid YAML: {error.reason}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: expected UTF-8 text, but byte {error.start} is none") from None
    except ValidationError as error:
        # A misspelt key is an unknown one and a missing one; the first says more.
        first = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
        raise InputError(f"{path}: {format_validation_error(first, Params)}") from None
    for choice, catalogue in (("dataset", params.datasets), ("prompt", params.prompts), ("teacher", params.teachers)):
        chosen = getattr(params, choice)
        if chosen not in catalogue:
            raise InputError(f"{path}: {choice}: expected one of {', '.join(catalogue)}, got {chosen!r}")
    return params
