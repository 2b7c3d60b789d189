"""How many requests a plan has, and what the bought answers among them took."""

from dataclasses import dataclass, field


@dataclass
class TokenSums:
    """Sums over bought answers that were metered: of what they took, and of products, which their spread follows from.

    `characters` are those of the prompts.
    """

    answers: int = 0
    characters: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    characters_squared: int = 0
    prompt_squared: int = 0
    completion_squared: int = 0
    characters_by_prompt: int = 0

    def add(self, characters: int, prompt_tokens: int, completion_tokens: int) -> None:
        """Add an answer."""
        self.answers += 1
        self.characters += characters
        self.prompt_tokens += prompt_tokens
        self.completion_tokens += completion_tokens
        self.characters_squared += characters**2
        self.prompt_squared += prompt_tokens**2
        self.completion_squared += completion_tokens**2
        self.characters_by_prompt += characters * prompt_tokens


@dataclass
class RequestCounts:
    """How many requests there are, how many of them differ, and which answers to those were bought before.

    Of those without an answer, some may be `in_batches` that are submitted and not collected; the others are free to be
    asked, and `free_most_tokens` is what their prompts take at most.
    """

    requests: int = 0
    distinct: int = 0
    from_journal: int = 0
    from_ledger: int = 0
    in_batches: int = 0
    free_characters: int = 0
    free_most_tokens: int = 0
    bought: TokenSums = field(default_factory=TokenSums)

    @property
    def missing(self) -> int:
        """Return how many distinct requests have no answer."""
        return self.distinct - self.from_journal - self.from_ledger

    @property
    def free(self) -> int:
        """Return how many distinct requests must be asked."""
        return self.missing - self.in_batches

    def add_found(
        self, characters: int, prompt_tokens: int | None, completion_tokens: int | None, segment: str | None
    ) -> None:
        """Count an answer that was there, and the tokens that it and its messages of so many characters took.

        `segment` names what brought it to the journal, None where that is nothing of the ledger.
        """
        if segment is None:
            self.from_journal += 1
        else:
            self.from_ledger += 1
        if prompt_tokens is not None and completion_tokens is not None:
            self.bought.add(characters, prompt_tokens, completion_tokens)
