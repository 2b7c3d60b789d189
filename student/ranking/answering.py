"""What a ranking student answers: the option whose text lies nearest to the question's."""

from collections.abc import Sequence

from sentence_transformers import SentenceTransformer

from potstill.core.records import Answer, Question, Reading
from potstill.reading.debiasing import compare
from student.ranking.encoder import score

TEXTS_AT_ONCE = 64
DECIMALS = 6


def answer_questions(encoder: SentenceTransformer, questions: Sequence[Question], scale: float) -> list[Answer]:
    """Return an encoder's answer to each question, in their order; each text is read once."""
    texts = {text: None for one in questions for text in (one.question, *(choice.text for choice in one.choices))}
    vectors = encoder.encode(list(texts), batch_size=TEXTS_AT_ONCE, normalize_embeddings=True, convert_to_tensor=True)
    places = {text: place for place, text in enumerate(texts)}
    asked = vectors[[places[one.question] for one in questions]]
    offered = vectors[[places[choice.text] for one in questions for choice in one.choices]]
    shares = score(asked, offered, [len(one.choices) for one in questions], scale).softmax(dim=1).tolist()
    return [make_answer(*pair) for pair in zip(questions, shares, strict=True)]


def make_answer(question: Question, shares: Sequence[float]) -> Answer:
    """Return the row of a question whose options have these probabilities; the first of equal ones is the answer."""
    letters = [choice.label for choice in question.choices]
    distribution = {letter: round(share, DECIMALS) for letter, share in zip(letters, shares, strict=False)}
    letter = letters[max(range(len(letters)), key=lambda place: shares[place])]
    outcome = compare(letter, question.answer)
    return Answer(
        question_id=question.id,
        answer=letter,
        outcome=outcome,
        confidence=distribution[letter],
        distribution=distribution,
        readings=[Reading(request_id=question.id, answer=letter, outcome=outcome)],
    )
