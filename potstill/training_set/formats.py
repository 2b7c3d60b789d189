"""The formats that training examples are exported in, one function each."""

from collections.abc import Callable

from pydantic import BaseModel

from potstill.core.records import Request


class QuestionAnswer(BaseModel):
    """A prompt and its completion, for text templates such as "<|user|>{Question}<|assistant|>{Answer}"."""

    Question: str
    Answer: str


def question_answer(request: Request, content: str) -> QuestionAnswer:
    """Return the user message as it was sent with the teacher's text, unchanged."""
    return QuestionAnswer(Question=request.messages[-1].content, Answer=content)


FORMATS: dict[str, Callable[[Request, str], BaseModel]] = {"question_answer": question_answer}
