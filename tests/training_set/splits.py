"""Splits as the stages before export write them: questions, requests, responses, and the answers read in them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from potstill.core.catalogues import Prompt
from potstill.core.letters import letter_choices
from potstill.core.records import SPLITS, Message, Question, Request, Response, encode_row
from potstill.prompting.requests import build_request
from potstill.reading.exchanges import Exchange
from potstill.reading.judging import JudgedQuestion, judge_question

if TYPE_CHECKING:
    from tests.conftest import Workspace

PROMPT = Prompt(system="Reply with one letter, {labels}.", user="{question}\n{answer_choices}")
OPTIONS = ("bank", "shop", "park")
Reply = str | None | Mapping[str, Any]  # a response's text, or its fields
NO_MEASURES = dict.fromkeys(("accuracy", "accuracy_low", "accuracy_high", "answered_rate"))


def make_question(number: int, gold: str | None = "A", options: Sequence[str] = OPTIONS, text: str = "") -> Question:
    """A question unlike the others, whatever their numbers."""
    asked = text or f"Where is thing{number} of kind{number * 7}?"
    return Question(id=f"q{number}", question=asked, choices=letter_choices(options), answer=gold, concept=None)


def ask(
    question: Question, replies: Mapping[tuple[int, int], Reply] | Sequence[Reply], examples: Sequence[Message] = ()
) -> JudgedQuestion:
    """Judge what came back, by rotation and replicate; of a list each stands for a replicate as it is."""
    by_place = replies if isinstance(replies, Mapping) else {(0, number): reply for number, reply in enumerate(replies)}
    exchanges = []
    for (rotation, replicate), reply in by_place.items():
        request = build_request(question, PROMPT, examples, rotation, replicate)
        exchanges.append(Exchange(request, make_response(request, reply)))
    return judge_question(None, exchanges)


def make_response(request: Request, reply: Reply) -> Response:
    """The response to a request: a finished text, or what its fields say."""
    fields = dict(reply) if isinstance(reply, Mapping) else {"content": reply}
    return msgspec.convert({"id": request.id, "key": request.id, "status": "answered", "model": "m"} | fields, Response)


def write_inputs(
    workspace: "Workspace", gates: Mapping[str, str] | None = None, **splits: Sequence[JudgedQuestion]
) -> None:
    """Write what export reads: the splits, with measures that nobody took."""
    for split in SPLITS:
        questions = [question_of(one) for one in splits.get(split, ())]
        write_models(workspace, f"data/raw/{split}.jsonl", questions)
    for split, judged in splits.items():
        exchanges = [exchange for one in judged for exchange in one.exchanges]
        write_models(workspace, f"data/requests/{split}.jsonl", [one.request for one in exchanges])
        write_models(workspace, f"data/responses/{split}.jsonl", [one.response for one in exchanges])
        write_models(workspace, f"data/answers/{split}.jsonl", [one.answer for one in judged])
    bias = {"recall_std": None, "tv_distance": None}
    measures = {split: {**NO_MEASURES, "position_bias": bias, "gates": dict(gates or {})} for split in splits}
    workspace.write_json("reports/tables/measures.json", measures)
    source = {"dataset": "own", "path": "data/source/own", "name": None, "revision": None, "license": "apache-2.0"}
    workspace.write_json("data/raw/source.json", source)


def question_of(judged: JudgedQuestion) -> Question:
    """The question that was asked first, in its own order."""
    request = judged.exchanges[0].request
    shown = {"question": request.question, "choices": request.choices, "concept": None}
    return Question(id=request.question_id, answer=request.answer, **shown)


def write_models(workspace: "Workspace", name: str, rows: Sequence[Any]) -> None:
    workspace.write(name, "".join(encode_row(row).decode() + "\n" for row in rows))
