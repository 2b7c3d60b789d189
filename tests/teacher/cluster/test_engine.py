"""What runtime.engine chooses, where Ray need not be installed."""

import importlib.util

import pytest

from potstill.core.params_file import load_params
from potstill.teacher.api.client import Client
from potstill.teacher.api.credentials import Credentials
from potstill.teacher.buying import engine
from tests.teacher.light_project import LightProject


@pytest.mark.skipif(importlib.util.find_spec("ray") is not None, reason="Ray is installed")
def test_without_the_extra_a_run_says_how_to_install_it(light: LightProject) -> None:
    light.configure(engine="ray")
    assert light.refuse() == (
        "Error: runtime.engine: ray is not installed; run `make setup EXTRAS=ray`, or set runtime.engine to local"
    )
    assert light.teacher.calls == []


def test_the_bundled_teacher_is_asked_from_this_process(light: LightProject) -> None:
    light.configure(engine="ray")
    params = load_params()
    bundled = params.model_copy(update={"teacher": "smollm2"})
    assert bundled.teachers["smollm2"].provider == "local"
    with engine(bundled, [Credentials(light.teacher.endpoint, "key", "TEACHER_MODEL")]) as open_clients:
        assert [type(client) for client in open_clients()] == [Client]
