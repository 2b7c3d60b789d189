"""Why no call can succeed, in a sentence that names what to change. No I/O."""

from potstill.core.errors import FatalError, RefusedFieldError
from potstill.core.params import Params
from potstill.teacher.api.options import RESPONSE_FORMAT, TOKEN_LIMITS


def describe_fatal_error(error: FatalError, params: Params) -> str:
    """Return what a run that an error ended says: for a refused field, where params.yaml sets it and what to do."""
    if not isinstance(error, RefusedFieldError):
        return str(error)
    place, remedy = _find_place(error.field, params)
    return f"{place}: this model does not take it ({error.text}); {remedy}"


def _find_place(field: str, params: Params) -> tuple[str, str]:
    """Return where the chosen prompt or teacher sets a field of the request, and what takes it out."""
    teacher = f"teachers.{params.teacher}"
    if field in params.teachers[params.teacher].extras:
        return f"{teacher}.extras.{field}", "remove it"
    if field == RESPONSE_FORMAT:
        return f"prompts.{params.prompt}.structured", "set it to false"
    if field in TOKEN_LIMITS:
        return f"{teacher}.max_tokens", "set another one"
    return f"{teacher}.{field}", "set it to null"
