"""What tokens cost: at the user's own price, or at the one that a library of prices lists for the model."""

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from potstill.core.params import Params
from potstill.core.records import Usage

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo

# The library says no date itself: this is the day on which the package index got the version that the lock has.
LIBRARY, LIBRARY_VERSION, LIBRARY_DATE = "genai-prices", "0.2.3", "2026-11-10"
LISTED = f"{LIBRARY} {LIBRARY_VERSION} of {LIBRARY_DATE}"
# Which of the library's lists hold for a provider. Azure charges for OpenAI's models what OpenAI does; those of other
# makers have prices of their own there: the library would have DeepSeek-R1 for what its maker takes at night.
LISTS = {"openai": ("openai",), "azure": ("openai", "azure")}
UNVERIFIED = "OpenRouter"  # whose prices it has for what this maker does not sell itself, such as gpt-oss


class KnownPrice(NamedTuple):
    """US dollars per million tokens of prompts and of answers, and where that is from.

    `batch` is the share of it that batches cost; None: not known, so they count as direct.
    """

    input: float
    output: float
    batch: float | None
    source: str


PARAMS = "params.yaml"
FREE = KnownPrice(0, 0, None, "it runs on this machine")


def find_price(params: Params, teacher: str | None = None) -> KnownPrice | None:
    """Return the price of the chosen teacher, or of one by its name: that of params.yaml, else one that is listed.

    None: not known.
    """
    name = params.teacher if teacher is None else teacher
    entry = params.teachers[name]
    try:
        own = params.price_per_million[name]
    except KeyError:
        return find_listed_price(entry.provider, entry.model, str(entry.extras.get("service_tier") or ""))
    return KnownPrice(own.input, own.output, own.batch, PARAMS)


@cache
def find_listed_price(provider: str, model: str, service_tier: str = "") -> KnownPrice | None:
    """Return what a model costs at a provider by the library's lists; None where they may mean another one.

    It is the price of LIBRARY_DATE whatever the day, so that the same answers have the same cost in each run.
    """
    if provider == "local":
        return FREE
    from genai_prices.data_snapshot import get_snapshot  # noqa: PLC0415 (half a second)

    lists = {listed.id: listed for listed in get_snapshot().providers}
    for name in LISTS.get(provider, ()):
        found = lists[name].find_model(model)
        if found and UNVERIFIED not in (found.price_comments or ""):
            where = " (at Azure: Global deployments)" if provider == "azure" else ""
            source = f"{LISTED}, {name}'s {found.id}{where}"
            return _read_price(found, {"service_tier": service_tier} if service_tier else {}, source)
    return None


def _read_price(found: "ModelInfo", context: dict[str, str], source: str) -> KnownPrice | None:
    """Return a model's price; None if its tokens have none, as where images are sold."""
    moment = datetime.fromisoformat(LIBRARY_DATE).replace(tzinfo=UTC)
    direct, batch = found.get_prices(moment, context), found.get_prices(moment, context | {"processing": "batch"})
    if direct.input_mtok is None or direct.output_mtok is None:
        return None
    rates = [_first_tier(price) for price in (direct.input_mtok, direct.output_mtok)]
    batch_rates = [_first_tier(price) for price in (batch.input_mtok, batch.output_mtok)]
    share = max((reduced / rate for reduced, rate in zip(batch_rates, rates, strict=True) if rate), default=1)
    return KnownPrice(rates[0], rates[1], share if share < 1 else None, source)


def _first_tier(price: Any) -> float:
    """Return a price per million tokens, of a tiered one that of short prompts: a question has no 100,000 tokens."""
    return float(getattr(price, "base", price))


def cost_usd(price: KnownPrice, usage: Usage, *, batch: bool = False) -> float:
    """Return what tokens cost in US dollars, asked for directly or in a batch."""
    share = 1 if not batch or price.batch is None else price.batch
    return share * (usage.prompt_tokens * price.input + usage.completion_tokens * price.output) / 1e6
