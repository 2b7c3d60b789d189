"""A section of the report page, in a script that the page loads from beside it.

Stage analyze writes the page, and what fills the section runs after it. A page that is opened from a disk may not read
a file, but it may load a script.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from potstill.core.records import replacing


def write_page_script(
    path: Path, place: str, made_of: Mapping[str, str], section: str, otherwise: str, known: Mapping[str, str]
) -> None:
    """Write the script that puts a section's HTML into the page's element of the id `place`.

    `made_of` is what the section is of, such as what DVC calls its responses: where the element's data say another
    thing, `otherwise` is shown. Where they say the same, the page's later scripts find `known` in them, too.
    """
    same = " && ".join(f"place.dataset.{name} === {_encode(value)}" for name, value in made_of.items())
    script = (
        f"(place => {{ const same = {same}; place.innerHTML = same ? {_encode(section)} : {_encode(otherwise)}; "
        f'if (same) document.querySelectorAll("[data-responses]").forEach(one => Object.assign(one.dataset, '
        f"{_encode(known)})); }})(document.getElementById({_encode(place)}));\n"
    )
    with replacing(path) as unfinished:
        unfinished.write_text(script, encoding="ascii", newline="\n")


def _encode(value: str | Mapping[str, str]) -> str:
    """Return a text or several as JavaScript in ASCII, in which no element can begin or end."""
    return json.dumps(value).replace("<", "\\u003c")
