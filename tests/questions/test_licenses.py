from pathlib import Path
from typing import Any

import pytest

from potstill.core.errors import InputError
from potstill.questions.files import load_files
from potstill.questions.licenses import read_license
from tests.questions.datafiles import make_flat_rows, write_csv


@pytest.mark.parametrize(
    ("card", "stated"),
    [
        pytest.param("---\nlicense: CC-BY-4.0\n---\n# Mine", "CC-BY-4.0", id="one"),
        pytest.param("---\nlicense: [mit, apache-2.0]\n---\n", ["mit", "apache-2.0"], id="two"),
        pytest.param("---\nlicense:\n---\n", None, id="left empty"),
        pytest.param("---\nlicense: 1.0\n---\n", None, id="a number"),
        pytest.param("---\n---\n", None, id="empty front matter"),
        pytest.param("Licence: MIT, see https://example.org", None, id="no front matter, so no guess"),
        pytest.param(None, None, id="no card"),
    ],
)
def test_the_licence_of_files_is_what_the_front_matter_beside_them_states(
    tmp_path: Path, card: str | None, stated: Any
) -> None:
    write_csv(tmp_path / "train", make_flat_rows("train", 2))
    if card is not None:
        (tmp_path / "README.md").write_text(card)
    assert read_license(tmp_path) == read_license(tmp_path / "train.csv") == stated
    assert load_files(tmp_path)["train"].to_list() == make_flat_rows("train", 2)


@pytest.mark.parametrize("front_matter", [b"license: [", b"- mit", b"license: \xe4"], ids=["yaml", "list", "latin-1"])
def test_front_matter_that_cannot_be_read_is_told(tmp_path: Path, front_matter: bytes) -> None:
    (tmp_path / "README.md").write_bytes(b"---\n" + front_matter + b"\n---\n")
    with pytest.raises(InputError, match=r"README.md: expected front matter in YAML, but .*; correct it$"):
        read_license(tmp_path)
