from pathlib import Path

import pytest

from potstill.core.errors import InputError
from potstill.core.options import find_path

PIPELINE = """
stages:
  students: {foreach: [small, large], do: {cmd: "train ${item}"}}
  two: {cmd: [echo one, "echo it's"]}
  export: {cmd: [mkdir -p data, python -m stages.export --export 'data/the export']}
"""


def test_a_path_is_found_beside_stages_of_any_form_that_dvc_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("dvc.yaml").write_text(PIPELINE)
    assert find_path("export") == Path("data/the export")
    with pytest.raises(InputError, match=r"dvc\.yaml: expected a stage with the option --ledger, found none"):
        find_path("ledger")
