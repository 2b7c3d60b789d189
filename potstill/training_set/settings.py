"""Settings of `export`: what follows from them, and which make no sense beside others.

Every run begins with these checks, so nothing is imported here that takes long.
"""

from potstill.core.errors import InputError
from potstill.core.params import Params, Target
from potstill.core.templates import list_placeholders

TEXT_TARGETS: tuple[Target, ...] = ("reasoning_and_letter", "verbatim")  # in the teacher's words, which name letters


def find_target(params: Params) -> Target:
    """Return what rows teach: as `export.target` says, else what the chosen prompt asks for."""
    letter_only = params.prompts[params.prompt].letter_only
    return params.export.target or ("letter" if letter_only else "verbatim")


def check_settings(params: Params) -> None:
    """Raise InputError if export asks for what the other params cannot give."""
    check_readings(params)
    check_prompt(params)
    check_letters(params)


def check_readings(params: Params) -> None:
    """Raise InputError if several readings of a question are needed, and there is one."""
    export, prepare, method = params.export, params.prepare, params.analyze.debias
    asks_once = prepare.rotations == 1 and prepare.replicates == 1
    if asks_once and export.keep in ("agreed", "correct_and_agreed"):
        raise InputError(
            f"params.yaml: export.keep: {export.keep} expected questions that are asked more than once, but "
            "prepare.rotations and prepare.replicates are 1; raise one of them, or set it to read or correct"
        )
    if export.min_confidence is not None and (method == "none" or (asks_once and method == "vote")):
        raise InputError(
            "params.yaml: export.min_confidence: expected answers of more than one reading or of probabilities, but "
            f"each is of one reading, whose confidence is always 1 (analyze.debias: {method}); ask more than once and "
            "set analyze.debias to vote, set it to average or pride, or set export.min_confidence to null"
        )
    if asks_once and "preference" in export.formats:
        raise InputError(
            "params.yaml: export.formats: preference expected questions that are asked more than once, since its pairs "
            "are of answers that disagree, but prepare.rotations and prepare.replicates are 1; raise one of them, or "
            "take it out"
        )


def check_prompt(params: Params) -> None:
    """Raise InputError if rows without the system message would lack the question."""
    export, shown = params.export, list_placeholders(params.prompts[params.prompt].user)
    missing = [name for name in ("question", "answer_choices") if name not in shown]
    if missing and (not export.include_system or "question_answer" in export.formats):
        raise InputError(
            f"params.yaml: prompts.{params.prompt}.user: expected {{{missing[0]}}} in it, since rows of "
            "question_answer, and all with export.include_system: false, leave the system message out; move it there, "
            "or change export"
        )


def check_letters(params: Params) -> None:
    """Raise InputError if letters are to change beneath the teacher's words, or twice."""
    export, target = params.export, find_target(params)
    if export.balance == "rotate" and target in TEXT_TARGETS:
        raise InputError(
            f"params.yaml: export.balance: rotate expected a target of letter or letter_and_text, got {target}: the "
            "teacher's own words name the letters as they were; set export.target, or balance to downsample or none"
        )
    if export.augment == "all_rotations" and export.balance != "none":
        raise InputError(
            f"params.yaml: export.balance: expected none beside augment: all_rotations, which has each option at each "
            f"letter, got {export.balance}; change one of them"
        )
    if export.augment == "all_rotations" and params.prepare.rotations == 1 and target in TEXT_TARGETS:
        raise InputError(
            f"params.yaml: export.augment: all_rotations expected a target of letter or letter_and_text, got {target}: "
            "of each question there are the teacher's words in one order alone; set export.target, raise "
            "prepare.rotations, or set export.augment to canonical"
        )
