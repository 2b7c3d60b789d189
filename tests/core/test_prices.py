"""Prices of params.yaml, and those of the library, which is the real one."""

import subprocess
import sys
from importlib.metadata import version

import pytest

from potstill.core.catalogues import Price, Teacher
from potstill.core.params import Params
from potstill.core.params_file import load_params
from potstill.core.prices import LIBRARY, LIBRARY_VERSION, KnownPrice, cost_usd, find_price
from potstill.core.records import Usage
from tests.project import ROOT

MILLION = Usage(prompt_tokens=1_000_000, completion_tokens=1_000_000)


def params_of(provider: str, model: str, price: Price | None = None, **extras: str) -> Params:
    teacher = Teacher.model_validate({"provider": provider, "model": model, "extras": extras})
    edits = {"teacher": "mine", "teachers": {"mine": teacher}, "price_per_million": {"mine": price} if price else {}}
    return load_params(ROOT / "tests/params.yaml").model_copy(update=edits)


def test_a_price_is_said_with_the_version_and_date_of_the_library_that_is_installed() -> None:
    assert version(LIBRARY) == LIBRARY_VERSION, "set LIBRARY_VERSION, and LIBRARY_DATE to the day it was published"


@pytest.mark.parametrize(
    ("provider", "model", "price"),
    [
        pytest.param("openai", "gpt-4o-mini", (0.15, 0.6, 0.5), id="OpenAI's"),
        pytest.param("openai", "gpt-4o-mini-2024-07-18", (0.15, 0.6, 0.5), id="a dated name"),
        pytest.param("azure", "gpt-4.1", (2, 8, 0.5), id="OpenAI's at Azure"),
        pytest.param("azure", "Phi-4", (0.125, 0.5, None), id="Azure's"),
        pytest.param("local", "SmolLM2-135M-Instruct", (0, 0, None), id="bundled"),
        pytest.param("azure", "DeepSeek-R1", None, id="another maker's at Azure"),
        pytest.param("openai", "gpt-oss-120b", None, id="one that its maker does not sell"),
        pytest.param("openai", "my-gpt-4o-mini", None, id="a name of the user's own"),
        pytest.param("openai", "text-embedding-3-small", None, id="no answers"),
    ],
)
def test_a_model_has_the_price_that_is_listed_for_it_and_no_other_ones(
    provider: str, model: str, price: tuple[float, float, float | None] | None
) -> None:
    found = find_price(params_of(provider, model))
    assert (found and found[:3]) == price


def test_the_source_names_library_date_and_whose_model_it_is() -> None:
    found = find_price(params_of("azure", "gpt-4o-2024-11-20"))
    assert found
    assert found.source == "genai-prices 0.2.3 of 2026-11-10, openai's gpt-4o (at Azure: Global deployments)"


def test_a_tier_that_is_asked_for_has_a_price_of_its_own() -> None:
    found = find_price(params_of("openai", "o4-mini", service_tier="flex"))
    assert found
    assert found[:3] == (0.55, 2.2, None)


def test_the_users_own_price_wins() -> None:
    own = Price(input=7, output=9, batch=0.25)
    assert find_price(params_of("openai", "gpt-4o-mini", own)) == KnownPrice(7, 9, 0.25, "params.yaml")


@pytest.mark.parametrize(
    ("batch", "cost"), [(0.5, 1.5), (None, 3)], ids=["a share that is known", "one that is not counts as direct"]
)
def test_a_batch_costs_its_share(batch: float | None, cost: float) -> None:
    price = KnownPrice(1, 2, batch, "here")
    assert (cost_usd(price, MILLION), cost_usd(price, MILLION, batch=True)) == (3, cost)


def test_the_library_is_loaded_only_for_a_price_that_nobody_gave() -> None:
    script = (
        "import sys; from pathlib import Path; from potstill.core.params_file import load_params; "
        "from potstill.core.prices import find_price; params = load_params(Path('tests/params.yaml')); "
        "find_price(params); find_price(params.model_copy(update={'price_per_million': {}})); "
        "print('genai_prices' in sys.modules); "
        "find_price(params, 'deepseek-v3'); print('genai_prices' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
