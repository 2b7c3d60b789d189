"""The model of params.yaml: three choices, three catalogues, and a section for each stage.

A field's description says what it means, in which unit, and which values are legal; the README's table is made of them.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator, model_validator

from potstill.core.records import AnswerFormat, DebiasMethod, Split
from potstill.core.templates import check_placeholders, list_placeholders

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]
Size = Annotated[int, Field(ge=0)] | None
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Dollars = Annotated[float, Field(ge=0)]


class Section(BaseModel):
    """A part of params.yaml: unknown keys, wrong types and numbers without an end are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Splits(Section):
    """The dataset's own names of the three splits."""

    train: str = Field(default="train", description="the dataset's own name of its train split")
    validation: str | None = Field(
        default="validation", description="likewise; null carves validation out of train, after the training rows"
    )
    test: str | None = Field(default="test", description="likewise; null: there is none")


class Columns(Section):
    """Where a Question's parts stand in a schema that no adapter knows."""

    question: str = Field(description="the column with the question")
    choices: str | Annotated[list[str], Field(min_length=1)] = Field(
        description="the column with the choices, or a list of columns with one each"
    )
    answer: str | None = Field(default=None, description="the column with gold; null: there is none")
    answer_is: Literal["label", "index", "text"] = Field(
        default="label", description="how gold names its choice: label, index (from 0) or text"
    )
    id: str | None = Field(default=None, description="the column with the id; null: split and position make one")
    concept: str | None = Field(default=None, description="the column with the concept; null: there is none")


class Dataset(Section):
    """Where questions come from."""

    path: str = Field(description="a Hugging Face dataset, or a file or folder below data/source")
    name: str | None = Field(default=None, description="its configuration (subset) on the Hub; null: it has only one")
    revision: str | None = Field(default=None, description="the Hub commit to take; null: the newest")
    splits: Splits = Field(default=Splits(), description="the dataset's own names of train, validation and test")
    columns: Columns | None = Field(default=None, description="where the parts stand, for a schema that is not known")


class Load(Section):
    """How many questions to take, and which."""

    train: Size = Field(description="train rows to take: 0 or more; null: all")
    validation: Size = Field(description="validation rows to take: 0 or more; null: all")
    test: Size = Field(description="test rows to take: 0 or more; null: all")
    sample: Literal["head", "random"] = Field(default="head", description="which ones: head or random")
    seed: int = Field(default=0, description="which random sample: any integer")
    on_bad_row: Literal["stop", "skip"] = Field(
        default="skip", description="skip (counted, and listed in data/raw/source.json) or stop"
    )


class Examples(Section):
    """Worked examples that a prompt shows before it asks, in its own words."""

    count: int = Field(ge=1, description="how many, drawn from the train questions with gold: 1 or more")
    seed: int = Field(default=0, description="which ones: any integer")
    answer: str = Field(default="{letter}", description="how each is answered, with {letter} and {text} filled in")

    @field_validator("answer")
    @classmethod
    def check_answer(cls, template: str) -> str:
        """Accept an answer that names gold."""
        if not list_placeholders(check_placeholders(template, ("letter", "text"))):
            raise ValueError(f"expected {{letter}} or {{text}} in it, got {template!r}")
        return template


class Prompt(Section):
    """How a question is put, and how its answer is read."""

    system: str = Field(description="the system message, with {question}, {answer_choices} and {labels} filled in")
    user: str = Field(description="the user message, likewise")
    answer_format: AnswerFormat | None = Field(
        default=None,
        description="where the answer stands: letter (the whole text), final_line or json; null: wherever it is stated",
    )
    examples: Examples | None = Field(
        default=None, description="worked examples, shown between system and user; null: none"
    )

    @field_validator("system", "user")
    @classmethod
    def check_template(cls, template: str) -> str:
        """Accept the known placeholders only, written plainly."""
        return check_placeholders(template, ("question", "answer_choices", "labels"))

    @model_validator(mode="after")
    def check_that_it_asks(self) -> Self:
        """Refuse a prompt that is the same for every question, and so would be asked and answered once for all.

        Examples have a user message alone, so with them that must show the question.
        """
        shown = list_placeholders(self.user if self.examples else self.system + self.user)
        for name in ("question", "answer_choices"):
            if name not in shown:
                where = "user, as examples need it" if self.examples else "system or user, found it in neither"
                raise ValueError(f"expected {{{name}}} in {where}")
        return self


class Prepare(Section):
    """Which questions to put, and how often."""

    rotations: Annotated[int, Field(ge=1, le=26)] | Literal["all"] = Field(
        description="askings with the choices moved up by 0, 1, ... places: 1 to 26; all: as many as there are choices"
    )
    replicates: int = Field(ge=1, description="times that each request is asked: 1 or more")
    splits: list[Split] = Field(min_length=1, description="the splits to ask about: of train, validation, test")
    pride_share: Share = Field(
        default=1, description="share of the questions to rotate: 0 to 1; the others are asked once, as they are"
    )
    seed: int = Field(default=0, description="which questions are rotated: any integer")

    @field_validator("splits")
    @classmethod
    def check_each_once(cls, splits: list[Split]) -> list[Split]:
        """Refuse a split that is named twice."""
        if len(set(splits)) < len(splits):
            raise ValueError("each split may be named once")
        return splits


class Price(Section):
    """What a teacher's tokens cost."""

    input: Dollars | None = Field(description="US dollars per million tokens of prompts; null: not known")
    output: Dollars | None = Field(description="US dollars per million tokens of answers; null: not known")


class Teacher(Section):
    """A model, where it is served, and how it is sampled."""

    provider: Literal["local", "azure", "openai"] = Field(
        description="local (the bundled model), azure (an endpoint ending in /models) or openai (any with OpenAI's API)"
    )
    model: str = Field(description="the name that the provider knows it by")
    temperature: Annotated[float, Field(ge=0, le=2)] | None = Field(
        default=0, description="0 to 2; null: none is sent, for models that refuse any"
    )
    top_p: Annotated[float, Field(gt=0, le=1)] | None = Field(
        default=None, description="above 0 up to 1; null: the provider's default"
    )
    seed: int | None = Field(default=None, description="any integer; null: none is sent")
    max_tokens: int = Field(default=4000, ge=1, description="tokens of one answer at most: 1 or more")
    extras: dict[str, JsonValue] = Field(
        default={}, description="further fields of the request, as the provider documents them"
    )
    credentials: str = Field(
        default="TEACHER_MODEL",
        pattern=r"^[A-Z][A-Z0-9_]*$",
        description="NAME reads NAME_ENDPOINT and NAME_KEY from .env; without a key, Entra ID is asked for one",
    )
    scope: str | None = Field(default=None, description="what to ask Entra ID for; null: the provider's own")
    price_per_million: Price | None = Field(default=None, description="what its tokens cost; null: not known")


class Gates(Section):
    """What a teacher must reach in each split."""

    min_answered_rate: Share | None = Field(
        default=None, description="share of rows in which a letter was read: 0 to 1; null: off"
    )
    min_accuracy: Share | None = Field(default=None, description="accuracy: 0 to 1; null: off")
    better_than_chance: bool | None = Field(
        default=None, description="true: accuracy's 95 % interval must lie above guessing; null: off"
    )
    max_recall_std: Share | None = Field(
        default=None, description="standard deviation of recall over gold letters (RStd): 0 to 1; null: off"
    )
    max_tv_distance: Share | None = Field(
        default=None, description="total variation of the letters answered from gold: 0 to 1; null: off"
    )
    strict: bool = Field(default=False, description="true: nothing is exported of a teacher that fails a gate")


class Analyze(Section):
    """What the report shows, and asks of a teacher."""

    explorer_rows: int = Field(ge=0, description="rows that the report page lists: 0 or more; of more, a random sample")
    debias: DebiasMethod = Field(
        default="vote",
        description="how readings make an answer: none (the first), vote, average or pride (both need logprobs)",
    )
    gates: Gates = Field(default=Gates(), description="what a teacher must reach in each split")


class Export(Section):
    """Which training files to write, of which rows."""

    formats: list[Literal["question_answer"]] = Field(min_length=1, description="the files to write: question_answer")
    keep: Literal["read", "correct"] = Field(
        description="read (every answer with a letter in it) or correct (those that agree with gold)"
    )


class Runtime(Section):
    """How to ask; it changes no result, so no stage tracks it."""

    concurrency: int = Field(ge=1, description="calls at once: 1 or more; the bundled teacher takes one at a time")
    timeout_s: float = Field(gt=0, description="seconds of one attempt of one call: above 0")
    max_attempts: int = Field(ge=1, description="attempts of one call: 1 or more; a 429 counts as none")
    max_failed_fraction: float = Field(ge=0, le=1, description="share of failed rows that the stage lets pass: 0 to 1")
    max_failures_in_a_row: int = Field(ge=1, description="failed rows in a row that stop the run early: 1 or more")
    requests_per_minute: Positive | None = Field(description="above 0; null: learned from what the server refuses")
    tokens_per_minute: Positive | None = Field(description="above 0; null: learned from what the server refuses")
    budget_usd: Dollars | None = Field(description="US dollars that one run may spend: 0 or more; null: no limit")


class Params(Section):
    """All of params.yaml."""

    dataset: str = Field(description="one of the datasets")
    prompt: str = Field(description="one of the prompts")
    teacher: str = Field(description="one of the teachers")
    datasets: dict[Name, Dataset] = Field(description="where questions come from")
    load: Load = Field(description="how many questions to take, and which")
    prompts: dict[Name, Prompt] = Field(description="how a question is put")
    prepare: Prepare = Field(description="which questions to put, and how often")
    teachers: dict[Name, Teacher] = Field(description="who answers")
    analyze: Analyze = Field(description="what the report shows, and asks of a teacher")
    export: Export = Field(description="which training files to write, of which rows")
    runtime: Runtime = Field(description="how to ask; no stage tracks it, so an edit here reruns nothing")
