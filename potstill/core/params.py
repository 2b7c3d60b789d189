"""The model of params.yaml: three choices, three catalogues, and a section for each stage."""

from typing import Annotated, Literal, TypeVar, get_args

from pydantic import Field, field_validator

from potstill.core.catalogues import Dataset, Price, Prompt, Teacher
from potstill.core.records import DebiasMethod, Split
from potstill.core.sections import Dollars, Name, Positive, Section, Share, Size

Format = Literal["question_answer", "messages", "prompt_completion", "alpaca", "sharegpt", "soft_labels", "preference"]
Target = Literal["letter", "letter_and_text", "reasoning_and_letter", "verbatim"]
Keep = Literal["read", "correct", "agreed", "correct_and_agreed"]

N = TypeVar("N", bound=str)


def check_each_once(kind: str, names: list[N]) -> list[N]:
    """Return the names; raise ValueError if one of them is there twice."""
    if len(set(names)) < len(names):
        raise ValueError(f"each {kind} may be named once")
    return names


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
        return check_each_once("split", splits)


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
    """Which training files to write, of which rows, and what they teach."""

    formats: list[Format] = Field(min_length=1, description=f"the files to write: {', '.join(get_args(Format))}")
    target: Target | None = Field(
        default=None,
        description="what a student learns to say: letter, letter_and_text, reasoning_and_letter or verbatim; null: "
        "letter where the prompt is letter_only, else verbatim",
    )
    keep: Keep = Field(
        description="the answers to export: read (any), correct (gold's), agreed (the one that all readings of the "
        "question mean) or correct_and_agreed"
    )
    min_confidence: Share | None = Field(default=None, description="confidence of an answer: 0 to 1; null: any")
    max_tokens: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="tokens of a row, at most: 1 or more; null: any number"
    )
    augment: Literal["canonical", "all_rotations"] = Field(
        default="canonical", description="train questions: canonical (as they are) or all_rotations (with each order)"
    )
    balance: Literal["none", "downsample", "rotate"] = Field(
        default="none",
        description="letters of train: none (as they come), downsample (as many rows of each) or rotate (each answer "
        "moved to a letter drawn by seed)",
    )
    deduplicate: bool = Field(default=True, description="whether to take a train question that is there twice once")
    leakage_threshold: Annotated[float, Field(ge=0.5, le=1)] | None = Field(
        default=0.75,
        description="Jaccard index from which a train question is one of validation or test, and left out: 0.5 to 1; "
        "null: none is looked for",
    )
    include_system: bool = Field(default=True, description="whether rows keep the system message, where they can")
    seed: int = Field(default=0, description="which rows downsample takes, which letters rotate draws: any integer")

    @field_validator("formats")
    @classmethod
    def check_each_once(cls, formats: list[Format]) -> list[Format]:
        """Refuse a format that is named twice."""
        return check_each_once("format", formats)


class Runtime(Section):
    """How to ask; it changes no result, so no stage tracks it."""

    engine: Literal["local", "ray"] = Field(
        default="local",
        description="where calls are made: local (this process) or ray (a cluster's actors); not the bundled teacher's",
    )
    concurrency: int = Field(ge=1, description="calls at once: 1 or more; the bundled teacher takes one at a time")
    timeout_s: float = Field(gt=0, description="seconds of one attempt of one call: above 0")
    max_attempts: int = Field(ge=1, description="attempts of one call: 1 or more; a 429 counts as none")
    max_failed_fraction: float = Field(ge=0, le=1, description="share of failed rows that the stage lets pass: 0 to 1")
    max_failures_in_a_row: int = Field(ge=1, description="failed rows in a row that stop direct calls early: 1 or more")
    requests_per_minute: Positive | None = Field(
        description="of each endpoint, above 0; null: learned from what the server refuses"
    )
    tokens_per_minute: Positive | None = Field(
        description="of each endpoint, above 0; null: learned from what the server refuses"
    )
    budget_usd: Dollars | None = Field(description="US dollars that one run may spend: 0 or more; null: no limit")
    batch: bool = Field(
        default=False, description="whether to ask in batches, at half the price, within a day; only provider openai"
    )
    batch_wait_s: Annotated[float, Field(ge=0)] | None = Field(
        default=None, description="seconds that a run waits for its batches: 0 or more; null: until they have ended"
    )
    batch_fallback: Literal["batch", "now"] = Field(
        default="batch", description="what to do with what a batch leaves unanswered: batch (another one) or now (ask)"
    )
    batch_tokens: Positive | None = Field(
        default=None, description="tokens of prompts in batches at once: above 0; null: learned from what is refused"
    )


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
    price_per_million: dict[Name, Price] = Field(
        description="what teachers cost, by their names; of one that is left out: what genai-prices lists"
    )
    analyze: Analyze = Field(description="what the report shows, and asks of a teacher")
    export: Export = Field(description="which training files to write, of which rows")
    runtime: Runtime = Field(description="how to ask; no stage tracks it, so an edit here reruns nothing")
