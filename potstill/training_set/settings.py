"""Settings of `export` that make no sense beside others, told before anything is asked or written."""

from potstill.core.errors import InputError
from potstill.core.params import Params
from potstill.core.templates import list_placeholders
from potstill.training_set.targets import TEXT_TARGETS, find_target


def check_settings(params: Params) -> None:
    """Raise InputError if export asks for what the other params cannot give."""
    export, prepare, target = params.export, params.prepare, find_target(params)
    shown = list_placeholders(params.prompts[params.prompt].user)
    asks_once = prepare.rotations == 1 and prepare.replicates == 1
    if asks_once and export.keep in ("agreed", "correct_and_agreed"):
        raise InputError(
            f"params.yaml: export.keep: {export.keep} expected questions that are asked more than once, but "
            "prepare.rotations and prepare.replicates are 1; raise one of them, or set it to read or correct"
        )
    if asks_once and "preference" in export.formats:
        raise InputError(
            "params.yaml: export.formats: preference expected questions that are asked more than once, since its pairs "
            "are of answers that disagree, but prepare.rotations and prepare.replicates are 1; raise one of them, or "
            "take it out"
        )
    missing = [name for name in ("question", "answer_choices") if name not in shown]
    if missing and (not export.include_system or "question_answer" in export.formats):
        raise InputError(
            f"params.yaml: prompts.{params.prompt}.user: expected {{{missing[0]}}} in it, since rows of "
            "question_answer, and all with export.include_system: false, leave the system message out; move it there, "
            "or change export"
        )
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
