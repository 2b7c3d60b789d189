"""From a judged question to training examples: the messages, what is to be said, and under which letters. No I/O."""

from collections.abc import Iterator, Sequence
from math import ceil

import msgspec

from potstill.core.catalogues import Prompt
from potstill.core.letters import LETTERS, original_letter, rotate_choices, shown_letter
from potstill.core.params import Export, Target
from potstill.core.records import Answer, Choice, Message, Outcome, Split
from potstill.core.tokens import CHARACTERS_PER_TOKEN
from potstill.prompting.drawing import rank
from potstill.prompting.rendering import render_messages
from potstill.reading.debiasing import count_votes
from potstill.reading.exchanges import JudgedExchange
from potstill.training_set.settings import TEXT_TARGETS
from potstill.training_set.targets import render_choice, render_response

Exchanges = Sequence[JudgedExchange]


class Example(msgspec.Struct, frozen=True, gc=False):
    """A training example; all letters are as its messages show them.

    `messages` end with the user's, `target` is what the student is to say to it, which names `letter`. `confidence` is
    the teacher's share or probability of that option, `distribution` has that of each choice; `tokens` are of messages
    and target. `rejected` is what the student is not to say, None but in a pair for preference.
    """

    id: str
    messages: list[Message]
    choices: list[Choice]
    target: str
    letter: str
    gold: str | None
    outcome: Outcome
    confidence: float
    distribution: list[float]
    tokens: int
    rejected: str | None = None


class ExampleBuilder:
    """Makes the examples of questions as `export` says; train alone is augmented and rotated."""

    def __init__(self, export: Export, prompt: Prompt, target: Target, split: Split) -> None:
        """Take the settings, and what rows are to teach."""
        self.prompt, self.target = prompt, target
        self.include_system, self.seed = export.include_system, export.seed
        self.augments = split == "train" and export.augment == "all_rotations"
        self.rotates = split == "train" and export.balance == "rotate"

    def build(self, answer: Answer, exchanges: Exchanges) -> list[Example]:
        """Return a question's examples; none where no response has the words that are to be taught.

        All of them mean the question's answer, whatever single responses meant.
        """
        return list(self._build(answer, exchanges, answer.answer)) if answer.answer else []

    def build_pairs(self, answer: Answer, exchanges: Exchanges) -> list[Example]:
        """Return pairs of gold and the option that most readings meant instead; none unless they disagree so."""
        votes, gold = count_votes(exchanges), find_gold(exchanges[0])
        wrong = sorted((letter for letter in votes if letter != gold), key=lambda letter: (-votes[letter], letter))
        if gold is None or gold not in votes or not wrong:
            return []
        return list(self._build(answer, exchanges, gold, wrong[0]))

    def _build(self, answer: Answer, exchanges: Exchanges, chosen: str, wrong: str | None = None) -> Iterator[Example]:
        """Yield the examples that teach an option, and in pairs not to say the wrong one."""
        first, size = exchanges[0], len(exchanges[0].request.choices)
        for rotation in self._list_rotations(answer, size, chosen):
            shown = next((one for one in exchanges if one.request.rotation == rotation), first)
            messages, choices = self._show(shown, rotation)
            said = self._find_text(exchanges, rotation, choices, chosen)
            rejected = self._find_text(exchanges, rotation, choices, wrong) if wrong else None
            if said is None or (wrong and rejected is None):
                continue
            shares = {shown_letter(letter, rotation, size): share for letter, share in answer.distribution.items()}
            gold = find_gold(first)
            yield Example(
                id=f"{answer.question_id}:{rotation}" if self.augments else answer.question_id,
                messages=messages,
                choices=choices,
                target=said,
                letter=shown_letter(chosen, rotation, size),
                gold=gold and shown_letter(gold, rotation, size),
                outcome="correct" if wrong else answer.outcome,
                confidence=answer.distribution.get(chosen, 0.0),
                distribution=[shares.get(choice.label, 0.0) for choice in choices],
                tokens=count_tokens(shown, messages, said),
                rejected=rejected,
            )

    def _list_rotations(self, answer: Answer, size: int, letter: str) -> Sequence[int]:
        """Return the rotations that a question is shown under: the first, all, or the one that draws a letter."""
        if self.augments:
            return range(size)
        if not self.rotates:
            return (0,)
        drawn = rank("balance", self.seed, answer.question_id) % size
        return ((LETTERS.index(letter) - drawn) % size,)

    def _find_text(self, exchanges: Exchanges, rotation: int, choices: Sequence[Choice], original: str) -> str | None:
        """Return what states an option under a rotation, whose choices are given; None where nobody said it."""
        letter = shown_letter(original, rotation, len(choices))
        if self.target not in TEXT_TARGETS:
            return render_choice(self.target, choices, letter)
        said = (one for one in exchanges if one.request.rotation == rotation and one.reading.answer == letter)
        one = next(said, None)
        answer_format = "json" if self.prompt.structured else self.prompt.answer_format
        return one and render_response(self.target, one.response, choices, letter, answer_format)

    def _show(self, exchange: JudgedExchange, rotation: int) -> tuple[list[Message], list[Choice]]:
        """Return a question's messages and choices under a rotation, as sent if it was asked so."""
        request = exchange.request
        messages, choices = request.messages, request.choices
        if request.rotation != rotation:
            choices = rotate_choices(request.choices, rotation - request.rotation)
            messages = render_messages(self.prompt, request.question, choices, request.messages[1:-1])
        kept = self.include_system and messages[0].content.strip()
        return [message for message in messages if kept or message.role != "system"], choices


def find_gold(first: JudgedExchange) -> str | None:
    """Return a question's gold letter in the original order, of its first exchange."""
    request = first.request
    return request.answer and original_letter(request.answer, request.rotation, len(request.choices))


def count_tokens(exchange: JudgedExchange, messages: Sequence[Message], target: str) -> int:
    """Return about how many tokens an example has: its prompt as the teacher counted it, its target by its length.

    Where the teacher counted none, the prompt is taken by its length, too.
    """
    usage = exchange.response.usage
    prompt = usage.prompt_tokens if usage else sum(len(one.content) for one in messages) / CHARACTERS_PER_TOKEN
    return ceil(prompt + len(target) / CHARACTERS_PER_TOKEN)
