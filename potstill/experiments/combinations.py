"""Which variants are asked for: pairs of a prompt and a teacher, each the experiment of its own name."""

from collections.abc import Sequence
from dataclasses import dataclass

from potstill.core.errors import InputError
from potstill.core.params import Params
from potstill.core.params_file import PARAMS_FILE, format_unknown_name


@dataclass(frozen=True)
class Combination:
    """A prompt and a teacher of params.yaml, and the name of their experiment."""

    name: str
    prompt: str
    teacher: str

    def choose_in(self, params: Params) -> Params:
        """Return params in which this prompt and this teacher are the chosen ones."""
        return params.model_copy(update={"prompt": self.prompt, "teacher": self.teacher})


def list_combinations(params: Params, prompts: str, teachers: str) -> list[Combination]:
    """Return the pairs of names in two lists with commas; without teachers, of the chosen one.

    Raise InputError if there is no prompt, a name is not in params.yaml, or one stands twice.
    """
    chosen = _split_names("PROMPTS", "prompt", prompts, list(params.prompts))
    if not teachers.strip():
        return [Combination(prompt, prompt, params.teacher) for prompt in chosen]
    asked = _split_names("TEACHERS", "teacher", teachers, list(params.teachers))
    variants = [Combination(f"{prompt}-{teacher}", prompt, teacher) for prompt in chosen for teacher in asked]
    _check_each_once("PROMPTS, TEACHERS", "pair as PROMPT-TEACHER", [variant.name for variant in variants])
    return variants


def _split_names(setting: str, kind: str, text: str, legal: Sequence[str]) -> list[str]:
    """Return the names in a list with commas; raise InputError for an unknown or repeated one, and if there is none."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise InputError(
            f"{setting}: expected names of {kind}s with commas between, got none; {PARAMS_FILE} has {', '.join(legal)}"
        )
    for name in names:
        if name not in legal:
            raise InputError(f"{setting}: {PARAMS_FILE}, {kind}s: {format_unknown_name(name, legal)}")
    _check_each_once(setting, kind, names)
    return names


def _check_each_once(setting: str, kind: str, names: Sequence[str]) -> None:
    """Raise InputError if a name stands twice."""
    twice = [name for position, name in enumerate(names) if name in names[:position]]
    if twice:
        raise InputError(f"{setting}: expected each {kind} once, got {twice[0]!r} twice; leave one out")
