"""The formats of a training set, a function each: from an example to a row as its readers document it. No I/O."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from potstill.core.params import Format
from potstill.core.records import Message
from potstill.training_set.building import Example

Row = dict[str, Any]

SHAREGPT_ROLES = {"user": "human", "assistant": "gpt"}


def question_answer(example: Example) -> Row:
    """Return what a text template such as Olive's "<|user|>{Question}<|assistant|>{Answer}" takes."""
    return {"Question": example.messages[-1].content, "Answer": example.target}


def messages(example: Example) -> Row:
    """Return a conversation as OpenAI's and Azure's fine-tuning takes it, which refuses other fields, and TRL."""
    return {"messages": [*example.messages, _assistant(example.target)]}


def prompt_completion(example: Example) -> Row:
    """Return TRL's conversational prompt and completion, of which the completion alone is trained."""
    return {"prompt": example.messages, "completion": [_assistant(example.target)], **_describe(example)}


def preference(example: Example) -> Row:
    """Return TRL's conversational preference: what to say, and what not to."""
    chosen, rejected = ([_assistant(text)] for text in (example.target, example.rejected or ""))
    return {"prompt": example.messages, "chosen": chosen, "rejected": rejected, **_describe(example)}


def alpaca(example: Example) -> Row:
    """Return LLaMA-Factory's alpaca; worked examples are its history."""
    turns = [one.content for one in _list_turns(example)]
    return {
        "instruction": turns[-1],
        "input": "",
        "output": example.target,
        "system": _find_system(example),
        "history": [list(pair) for pair in zip(turns[:-1:2], turns[1::2], strict=True)],
        **_describe(example),
    }


def sharegpt(example: Example) -> Row:
    """Return LLaMA-Factory's sharegpt."""
    turns = [{"from": SHAREGPT_ROLES[one.role], "value": one.content} for one in _list_turns(example)]
    said = {"from": "gpt", "value": example.target}
    return {"conversations": [*turns, said], "system": _find_system(example), **_describe(example)}


def soft_labels(example: Example) -> Row:
    """Return the prompt with the teacher's distribution over the options, for losses that take one."""
    return {
        "id": example.id,
        "prompt": example.messages,
        "options": example.choices,
        "distribution": example.distribution,
        "gold": example.gold,
        "answer": example.letter,
        "outcome": example.outcome,
        "confidence": example.confidence,
    }


FORMATS: Mapping[Format, Callable[[Example], Row]] = {
    "question_answer": question_answer,
    "messages": messages,
    "prompt_completion": prompt_completion,
    "alpaca": alpaca,
    "sharegpt": sharegpt,
    "soft_labels": soft_labels,
    "preference": preference,
}

ALPACA_COLUMNS = {"prompt": "instruction", "query": "input", "response": "output"}
ALPACA_COLUMNS |= {"system": "system", "history": "history"}

# What LLaMA-Factory's dataset_info.json says of the columns of the formats that it reads.
LLAMA_FACTORY: Mapping[Format, Row] = {
    "alpaca": {"columns": ALPACA_COLUMNS},
    "sharegpt": {"formatting": "sharegpt", "columns": {"messages": "conversations", "system": "system"}},
}


def _describe(example: Example) -> Row:
    """Return what formats with room for more columns say of an example."""
    return {"id": example.id, "outcome": example.outcome, "confidence": example.confidence}


def _assistant(text: str) -> Message:
    return Message(role="assistant", content=text)


def _find_system(example: Example) -> str:
    """Return the system message; empty where there is none."""
    return "".join(message.content for message in example.messages if message.role == "system")


def _list_turns(example: Example) -> Sequence[Message]:
    """Return the messages but the system's."""
    return [message for message in example.messages if message.role != "system"]
