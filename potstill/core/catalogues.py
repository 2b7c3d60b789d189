"""The catalogues of params.yaml: datasets, prompts and teachers, of which one each is chosen."""

import re
from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, ValidationInfo, field_validator, model_validator

from potstill.core.records import AnswerFormat
from potstill.core.sections import Dollars, Section, Share
from potstill.core.templates import check_placeholders, list_placeholders

PREFIX = re.compile(r"[A-Z][A-Z0-9_]*")
SHA256 = re.compile(r"[0-9a-f]{64}")


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
    structured: bool = Field(
        default=False,
        description="whether the teacher is held to a JSON object with a letter (response_format), and nothing else is "
        "read; with answer_format json or letter",
    )
    letter_only: bool = Field(
        default=False,
        description="whether it asks for one letter and no more, which then is what a student learns to say",
    )
    examples: Examples | None = Field(
        default=None, description="worked examples, shown between system and user; null: none"
    )

    @field_validator("system", "user")
    @classmethod
    def check_template(cls, template: str) -> str:
        """Accept the known placeholders only, written plainly."""
        return check_placeholders(template, ("question", "answer_choices", "labels"))

    @field_validator("structured")
    @classmethod
    def check_format(cls, structured: bool, info: ValidationInfo) -> bool:
        """Refuse to hold a teacher to an object where the prompt has it answer in another form."""
        if structured and (found := info.data.get("answer_format")) not in ("json", "letter"):
            raise ValueError(f"expected answer_format json or letter beside it, got {found or 'none'}; set one of them")
        return structured

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


class Price(Section):
    """What a teacher's tokens cost."""

    input: Dollars = Field(description="US dollars per million tokens of prompts: 0 or more")
    output: Dollars = Field(description="US dollars per million tokens of answers, reasoning among them: 0 or more")
    batch: Share | None = Field(
        default=None, description="share of that which batches cost: 0 to 1; null: not known, they count as direct"
    )


class Teacher(Section):
    """A model, where it is served, and how it is sampled."""

    provider: Literal["local", "azure", "openai"] = Field(
        description="local (the bundled model, or weights of your own), azure (an endpoint ending in /models) or "
        "openai (any with OpenAI's API)"
    )
    model: str = Field(description="the name that the provider knows it by; of weights: any name")
    weights: str | None = Field(
        default=None, description="provider local: a GGUF file to serve, such as a student's; null: the bundled model"
    )
    sha256: str | None = Field(
        default=None,
        description="what these weights hash to, beside them: an answer is found again by it, not by a name",
    )
    temperature: Annotated[float, Field(ge=0, le=2)] | None = Field(
        default=0, description="0 to 2; null: none is sent, for models that refuse any"
    )
    top_p: Annotated[float, Field(gt=0, le=1)] | None = Field(
        default=None, description="above 0 up to 1; null: the provider's default"
    )
    seed: int | None = Field(default=None, description="any integer; null: none is sent")
    max_tokens: int = Field(default=4000, ge=1, description="tokens of one answer at most: 1 or more")
    reasoning_effort: str | None = Field(
        default=None, description="how much to think, as the provider documents it, such as low; null: none is sent"
    )
    extras: dict[str, JsonValue] = Field(
        default={}, description="further fields of the request, as the provider documents them"
    )
    credentials: list[str] = Field(
        default=["TEACHER_MODEL"],
        description="NAME reads NAME_ENDPOINT and NAME_KEY from .env; without a key, Entra ID is asked for one; a list "
        "of names shares the calls among as many endpoints",
    )
    scope: str | None = Field(default=None, description="what to ask Entra ID for; null: the provider's own")

    @field_validator("credentials", mode="before")
    @classmethod
    def check_credentials(cls, credentials: object) -> object:
        """Accept names that variables may begin with; one alone is a list of one."""
        names = [credentials] if isinstance(credentials, str) else credentials
        texts = [str(name) for name in names] if isinstance(names, list) else []
        if not texts or len(set(texts)) < len(texts) or not all(map(PREFIX.fullmatch, texts)):
            raise ValueError(
                f"expected a name such as GPT4O, in capitals, or a list of them, each once, got {credentials!r}"
            )
        return names

    @field_validator("sha256")
    @classmethod
    def check_sha256(cls, sha256: str | None) -> str | None:
        """Accept what `sha256sum` prints of a file."""
        if sha256 is not None and not SHA256.fullmatch(sha256):
            raise ValueError(f"expected 64 digits from 0 to 9 and a to f, as `sha256sum` prints them, got {sha256!r}")
        return sha256

    @model_validator(mode="after")
    def check_weights(self) -> Self:
        """Refuse weights without their hash, a hash without weights, and both where another provider has the model."""
        given = [name for name in ("weights", "sha256") if getattr(self, name) is not None]
        if len(given) == 1:
            raise ValueError(f"expected weights and sha256 together or neither, got {given[0]} alone")
        if given and self.provider != "local":
            raise ValueError(f"expected weights with provider local only, got provider {self.provider}; remove them")
        return self

    @model_validator(mode="before")
    @classmethod
    def refuse_price(cls, entry: object) -> object:
        """Refuse a price, with where it goes."""
        if isinstance(entry, dict) and "price_per_million" in entry:
            raise ValueError(
                "price_per_million is no part of a teacher, so that an edit of it asks nothing anew; move it to the "
                "section price_per_million of params.yaml, under this teacher's name"
            )
        return entry

    @field_validator("extras")
    @classmethod
    def check_extras(cls, extras: dict[str, JsonValue], info: ValidationInfo) -> dict[str, JsonValue]:
        """Refuse a reasoning_effort that is set twice."""
        if "reasoning_effort" in extras and info.data.get("reasoning_effort") is not None:
            raise ValueError("expected no reasoning_effort in it, since the teacher's own field sets one; remove one")
        return extras
