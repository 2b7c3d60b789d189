"""The questions that a pair answers otherwise, side by side: read again, since only of these few are texts needed."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from potstill.comparing.measuring import Variant
from potstill.comparing.pairs import Pair
from potstill.core.letters import rotate_choices
from potstill.core.records import Choice, Request, Response, read_rows
from potstill.quality.frames import printable

LONGEST_TEXT = 2_000  # characters of a prompt or an answer; the report page has them whole


@dataclass(frozen=True)
class Asking:
    """The first asking of a question, and how many there were: the prompt as sent, and what came back."""

    question: str
    choices: list[Choice]
    prompt: str
    response: str
    askings: int


@dataclass(frozen=True)
class Side:
    """One variant's answer to a question."""

    name: str
    letter: str
    verdict: str
    asking: Asking


@dataclass(frozen=True)
class DifferingRow:
    """A question with both variants' answers; letters are those of the original order."""

    identity: str
    question: str
    choices: list[Choice]
    gold: str
    sides: tuple[Side, Side]


Askings = dict[str, Asking]


def read_rows_of(pairs: Sequence[Pair]) -> list[list[DifferingRow]]:
    """Return the drawn rows of each pair: first those that one of the two alone has right."""
    wanted: dict[str, set[str]] = {}
    variants: dict[str, Variant] = {}
    for pair in pairs:
        for variant in (pair.first, pair.second):
            variants[variant.name] = variant
            wanted.setdefault(variant.name, set()).update(pair.differing)
    askings = {name: _read_askings(variant, wanted[name]) for name, variant in variants.items()}
    return [_list_rows(pair, askings[pair.first.name], askings[pair.second.name]) for pair in pairs]


def _read_askings(variant: Variant, identities: Collection[str]) -> Askings:
    """Return the first asking of each of some questions."""
    files = variant.revision.splits[variant.split]
    requests: dict[str, list[Request]] = {}
    for request in read_rows(files.requests, Request):
        if request.question_id in identities:
            requests.setdefault(request.question_id, []).append(request)
    first = {several[0].id for several in requests.values()}
    responses = read_rows(files.responses, Response)
    contents = {response.id: _describe_response(response) for response in responses if response.id in first}
    return {key: _make_asking(several, contents[several[0].id]) for key, several in requests.items()}


def _make_asking(requests: Sequence[Request], response: str) -> Asking:
    """Return what is shown of the first request for a question."""
    first = requests[0]
    prompt = "\n\n".join(f"{message.role}: {message.content}" for message in first.messages)
    choices = rotate_choices(first.choices, -first.rotation)
    shown = [Choice(label=choice.label, text=_fit(choice.text)) for choice in choices]
    return Asking(_fit(first.question), shown, _fit(prompt), response, len(requests))


def _describe_response(response: Response) -> str:
    """Return what came back, or why nothing did."""
    return _fit(response.content or f"(none: {response.error or response.status})")


def _list_rows(pair: Pair, first: Askings, second: Askings) -> list[DifferingRow]:
    """Return the drawn rows of a pair, those that decide between the two first."""
    rows = [_make_row(pair, key, first[key], second[key]) for key in pair.differing]
    return sorted(rows, key=lambda row: not _decides(pair, row.identity))


def _decides(pair: Pair, key: str) -> bool:
    """Return whether one of the two alone is right."""
    return pair.first.questions[key].is_right != pair.second.questions[key].is_right


def _make_row(pair: Pair, key: str, first: Asking, second: Asking) -> DifferingRow:
    """Return one row."""
    both: Iterable[tuple[Variant, Asking]] = ((pair.first, first), (pair.second, second))
    one, other = (_make_side(variant, key, asking) for variant, asking in both)
    gold = pair.first.questions[key].gold
    return DifferingRow(key, first.question, first.choices, gold or "none", (one, other))


def _make_side(variant: Variant, key: str, asking: Asking) -> Side:
    """Return a variant's side of a row."""
    judged = variant.questions[key]
    verdict = "no gold" if judged.gold is None else "right" if judged.is_right else "wrong"
    return Side(variant.name, judged.letter or "no letter", verdict, asking)


def _fit(text: str) -> str:
    """Return a text without control characters; if it is too long, it is cut and says so."""
    cut = f"{text[:LONGEST_TEXT]}\n[cut: {len(text):,} characters in all]" if len(text) > LONGEST_TEXT else text
    return printable(cut)
