"""params.yaml, read and checked, with each mistake in one sentence."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.reader import ReaderError

from potstill.core.errors import InputError
from potstill.core.params import Params
from potstill.core.sections import Section
from potstill.core.validation_errors import format_validation_error, suggest

PARAMS_FILE = Path("params.yaml")
S = TypeVar("S", bound=Section)
CATALOGUES = {"dataset": "datasets", "prompt": "prompts", "teacher": "teachers"}


def read_params(path: Path, model: type[S]) -> S:
    """Read and check a file of params; an InputError names the key, the legal values and what came instead."""
    if not path.is_file():
        raise InputError(
            f"{path}: not found in {path.absolute().parent}; run from the project's folder, beside dvc.yaml"
        )
    try:
        return model.model_validate(YAML(typ="safe").load(path.read_text(encoding="utf-8")))
    except MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise InputError(f"{path}: {line}no valid YAML: {error.problem}") from None
    except ReaderError as error:
        raise InputError(f"{path}: character {error.position + 1}: no valid YAML: {error.reason}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: expected UTF-8 text, but byte {error.start} is none") from None
    except ValidationError as error:
        raise InputError(f"{path}: {format_validation_error(error, model)}") from None


def load_params(path: Path = PARAMS_FILE) -> Params:
    """Read and check params.yaml, and that what it chooses is there and goes together."""
    params = read_params(path, Params)
    for choice, catalogue in CATALOGUES.items():
        chosen, names = getattr(params, choice), list(getattr(params, catalogue))
        if chosen not in names:
            raise InputError(f"{path}: {choice}: {format_unknown_name(chosen, names)}")
    if params.runtime.batch and params.teachers[params.teacher].provider == "azure":
        raise InputError(
            f"{path}: runtime.batch: expected false, since teacher {params.teacher} has provider azure, which has no "
            "batches; Azure has them for provider openai, at an endpoint ending in /openai/v1"
        )
    for name in params.price_per_million:
        if name not in params.teachers:
            raise InputError(
                f"{path}: price_per_million, by teachers' names: {format_unknown_name(name, list(params.teachers))}"
            )
    check_response_format(params, path)
    return params


def check_response_format(params: Params, path: Path) -> None:
    """Raise InputError if the chosen prompt and the chosen teacher both say what form an answer is held to."""
    if params.prompts[params.prompt].structured and "response_format" in params.teachers[params.teacher].extras:
        raise InputError(
            f"{path}: prompts.{params.prompt}.structured: expected no response_format beside it in "
            f"teachers.{params.teacher}.extras; remove one of them"
        )


def format_unknown_name(name: str, legal: Sequence[str]) -> str:
    """Return what was expected in place of a name that a catalogue lacks: its names, and the one most like it."""
    return f"expected one of {', '.join(legal)}, got {name!r}{suggest(name, legal)}"
