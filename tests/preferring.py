"""A teacher for tests that knows some of the answers and prefers some letters, whatever they mean.

P(letter) is its prior times the likelihood of the option behind the letter, and a little noise. The likelihoods of a
question's options are the same under each rotation, and the gold one's is greater by `skill`, so that what the teacher
would answer without a preference is known.
"""

import random
from collections.abc import Sequence
from math import exp, log
from typing import Any

from potstill.core.letters import LETTERS, letter_choices, shown_letter
from potstill.core.records import Message, Request, Response
from tests.servers.teacher import completion

OUTSIDE = 0.05  # of the probability, for what is no letter
SPELLINGS = {"{}": 0.75, " {}": 0.2, "({}": 0.05}


class PreferringTeacher:
    """Answers requests: with a text, the likeliest letter, and with the logprobs of its one token."""

    def __init__(self, skill: float, prior: Sequence[float], noise: float = 0) -> None:
        self.skill, self.noise = skill, noise
        self.prior = dict(zip(LETTERS, prior, strict=False))

    def likelihoods(self, question_id: str, gold: str) -> dict[str, float]:
        """Return how likely each option is, by its letter in the original order."""
        draw = random.Random(question_id)
        return {letter: exp(draw.gauss() + self.skill * (letter == gold)) for letter in self.prior}

    def knows(self, question_id: str, gold: str) -> bool:
        """Return whether it would answer rightly if it preferred no letter."""
        likelihoods = self.likelihoods(question_id, gold)
        return max(likelihoods, key=likelihoods.__getitem__) == gold

    def probabilities(self, request: Request) -> dict[str, float]:
        """Return P(letter) for each letter as shown."""
        size, rotation = len(self.prior), request.rotation
        assert request.answer
        gold = LETTERS[(LETTERS.index(request.answer) + rotation) % size]
        options = self.likelihoods(request.question_id, gold).items()
        weights = {shown_letter(letter, rotation, size): likelihood for letter, likelihood in options}
        draw = random.Random(request.id)
        noise = {letter: exp(draw.gauss(0, self.noise)) for letter in self.prior}
        masses = {letter: prior * weights[letter] * noise[letter] for letter, prior in self.prior.items()}
        return {letter: mass / sum(masses.values()) for letter, mass in masses.items()}

    def logprobs(self, request: Request) -> list[dict[str, Any]]:
        """Return the answer's token, with all spellings of all letters, as chat completions list them."""
        probabilities = self.probabilities(request)
        tokens = {
            spelling.format(letter): (1 - OUTSIDE) * probability * share
            for letter, probability in probabilities.items()
            for spelling, share in SPELLINGS.items()
        }
        listed = [{"token": text, "logprob": log(mass)} for text, mass in (tokens | {"The": OUTSIDE}).items()]
        answer = max(probabilities, key=probabilities.__getitem__)
        first = next(one for one in listed if one["token"] == answer)
        return [{**first, "top_logprobs": sorted(listed, key=lambda one: -float(str(one["logprob"])))}]

    def respond(self, request: Request) -> Response:
        """Return the response, as `infer` would write it."""
        logprobs = self.logprobs(request)
        text = str(logprobs[0]["token"])
        return Response(id=request.id, key=request.id, status="answered", content=text, logprobs=logprobs)

    def complete(self, request: Request) -> dict[str, Any]:
        """Return the body of a chat completion."""
        logprobs = self.logprobs(request)
        body = completion(logprobs[0]["token"])
        body["choices"][0]["logprobs"] = {"content": logprobs}
        return body


def ask(number: int, size: int, rotations: int) -> list[Request]:
    """Return a question's requests, one for each rotation; gold is drawn by the number."""
    gold = random.Random(f"gold {number}").choice(LETTERS[:size])
    choices = letter_choices([f"option {letter}" for letter in LETTERS[:size]])
    return [
        Request(
            id=f"q{number}:{rotation}:0",
            question_id=f"q{number}",
            question="What is it?",
            choices=choices,
            answer=shown_letter(gold, rotation, size),
            rotation=rotation,
            replicate=0,
            messages=[Message(role="user", content=f"q{number}:{rotation}")],
        )
        for rotation in range(rotations)
    ]
