"""What differs between two revisions: their params, their prompt's words, their data set, their code."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import Any

from potstill.comparing.revisions import Revision
from potstill.sharing.differences import list_differences
from potstill.sharing.lineage import CHOICES, PRICES

PROMPT_TEXTS = ("system", "user")


@dataclass(frozen=True)
class Contrast:
    """How one revision differs from another: phrases, and the lines of a unified diff of the prompts' texts."""

    first: str
    second: str
    phrases: tuple[str, ...]
    prompt_diff: tuple[str, ...]

    @property
    def fence(self) -> str:
        """Return what encloses the diff in Markdown: more tildes than any of its lines has in a row."""
        return "~" * (3 + max(map(len, re.findall("~+", "\n".join(self.prompt_diff))), default=0))


def contrast(first: Revision, second: Revision) -> Contrast:
    """Return how the second revision differs from the first."""
    phrases = (*_list_choices(first, second), *_list_params(first, second), *_list_inputs(first, second))
    return Contrast(first.name, second.name, phrases, tuple(_diff_prompts(first, second)))


def _list_choices(first: Revision, second: Revision) -> Iterator[str]:
    """Yield how the dataset, the prompt and the teacher differ; a prompt's texts are left to the diff."""
    old, new = first.lineage.find_chosen(), second.lineage.find_chosen()
    for choice in CHOICES:
        names, entries = [], []
        for chosen in (old[choice], new[choice]):
            names.append(chosen["name"])
            entries.append({key: value for key, value in chosen.items() if key not in ("name", *PROMPT_TEXTS)})
        yield from list_differences(choice, *names)
        yield from list_differences(choice, *entries)
    yield from list_differences("data set's revision", first.source.get("revision"), second.source.get("revision"))


def _list_params(first: Revision, second: Revision) -> Iterator[str]:
    """Yield how the other params differ."""
    catalogues = tuple(f"{choice}s." for choice in CHOICES)
    old, new = first.params, second.params
    for name in dict.fromkeys([*old, *new]):
        if name not in (*CHOICES, PRICES) and not name.startswith(catalogues):
            yield from list_differences(name, old.get(name), new.get(name))


def _list_inputs(first: Revision, second: Revision) -> Iterator[str]:
    """Yield which files that no stage writes differ, such as code."""
    old, new = _map_inputs(first), _map_inputs(second)
    changed = sorted(path for path in old.keys() | new.keys() if old.get(path) != new.get(path))
    if changed:
        yield f"ran with other files: {', '.join(changed)}"


def _map_inputs(revision: Revision) -> dict[str, Any]:
    """Return the md5 of each file or folder that the stages read and no stage wrote."""
    stages = revision.lineage.stages.values()
    written = [Path(out["path"]) for stage in stages for out in stage.get("outs", ())]
    deps = [dep for stage in stages for dep in stage.get("deps", ())]
    return {dep["path"]: dep.get("md5") for dep in deps if not any(map(Path(dep["path"]).is_relative_to, written))}


def _diff_prompts(first: Revision, second: Revision) -> Iterator[str]:
    """Yield the lines of a unified diff of the prompts' texts; none if they are the same."""
    (old_name, old), (new_name, new) = map(_list_prompt_lines, (first, second))
    yield from unified_diff(old, new, old_name, new_name, lineterm="")


def _list_prompt_lines(revision: Revision) -> tuple[str, list[str]]:
    """Return the name of a revision's prompt, and the lines of its texts."""
    prompt = revision.lineage.find_chosen()["prompt"]
    lines = [f"{key}: {line}" for key in PROMPT_TEXTS for line in str(prompt.get(key) or "").splitlines()]
    return f"{revision.name}: {prompt['name']}", lines
