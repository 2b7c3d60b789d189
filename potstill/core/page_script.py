"""A section of the report page, in a script that the page loads from beside it.

Stage analyze writes the page, and what fills the section runs after it. A page that is opened from a disk may not read
a file, but it may load a script.
"""

import json
from pathlib import Path

from potstill.core.records import replacing


def write_page_script(path: Path, place: str, responses: str, section: str, otherwise: str) -> None:
    """Write the script that puts a section's HTML into the page's element of the id `place`.

    `responses` is what DVC calls the responses that the section is of. A page of others shows `otherwise` instead.
    """
    script = (
        f"(place => {{ place.innerHTML = place.dataset.responses === {_encode(responses)} "
        f"? {_encode(section)} : {_encode(otherwise)}; }})(document.getElementById({_encode(place)}));\n"
    )
    with replacing(path) as unfinished:
        unfinished.write_text(script, encoding="ascii", newline="\n")


def _encode(text: str) -> str:
    """Return a text as a JavaScript string of ASCII, in which no element can begin or end."""
    return json.dumps(text).replace("<", "\\u003c")
