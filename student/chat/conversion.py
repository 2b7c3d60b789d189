"""A chat student as GGUF for llama.cpp, and as ONNX for onnxruntime-genai, each by its own project's converter."""

import contextlib
import io
import logging
import runpy
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from potstill.core.errors import InputError
from student.core.runs import Run

ADAPTER = "adapter_config.json"
MERGED = "merged.part"  # of one name for all runs, since the GGUF names the folder that it came from


def convert(run: Run, base: Path, model: Path | None, served: Path, *, onnx: bool) -> str:
    """Write model.gguf in Q8_0, and if asked onnx/; return what was written, or raise InputError if it cannot be."""
    started = time.monotonic()
    served.mkdir(parents=True, exist_ok=True)
    gguf = served / "model.gguf"
    with merging(base, model, served / MERGED) as folder:
        run_converter("llama.cpp", "convert_hf_to_gguf", "--outtype", "q8_0", "--outfile", str(gguf), str(folder))
        if onnx:
            run_converter(
                "onnxruntime-genai", "onnxruntime_genai.models.builder", "-m", str(folder), "-o", str(served / "onnx"),
                "-p", "fp32", "-e", "cpu", "-c", str(served / MERGED / "cache"),
            )  # fmt: skip
    formats = "GGUF and ONNX" if onnx else "GGUF"
    return f"{run}: {formats}, {gguf.stat().st_size / 1e6:,.0f} MB of GGUF; {time.monotonic() - started:.0f} s"


@contextmanager
def merging(base: Path, model: Path | None, merged: Path) -> Iterator[Path]:
    """Yield the folder with a model's whole weights, which LoRA's matrices are added to for as long as the block."""
    try:
        if model and (model / ADAPTER).is_file():
            merge(base, model, merged)
            yield merged
        else:
            yield model or base
    finally:
        shutil.rmtree(merged, ignore_errors=True)


def merge(base: Path, adapter: Path, merged: Path) -> None:
    """Write the base with LoRA's matrices added to its weights, in float32: in bfloat16 most of them are lost."""
    import torch  # noqa: PLC0415 (not needed for a model that is whole)
    from peft import PeftModel  # noqa: PLC0415
    from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: PLC0415

    network = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    PeftModel.from_pretrained(network, adapter).merge_and_unload().save_pretrained(merged)
    AutoTokenizer.from_pretrained(adapter).save_pretrained(merged)


def run_converter(project: str, module: str, *arguments: str) -> None:
    """Run a converter's command in this process, which saves importing torch again; raise InputError if it fails."""
    words = io.StringIO()
    logging.basicConfig(level=logging.ERROR, stream=words, force=True)
    before, sys.argv = sys.argv, [module, *arguments]
    try:
        with contextlib.redirect_stdout(words):
            runpy.run_module(module, run_name="__main__")
    except SystemExit as stop:
        if stop.code:
            raise _refuse(project, words.getvalue()) from None
    except Exception as error:  # noqa: BLE001 (converters raise what they like)
        raise _refuse(project, f"{type(error).__name__}: {error}") from None
    finally:
        sys.argv = before


def _refuse(project: str, reason: str) -> InputError:
    """Return the error of a model that a converter does not take."""
    return InputError(
        f"student/params.yaml: chat.model: expected an architecture and a tokenizer that {project}'s converter knows, "
        f"but it says: {' '.join(reason.split())[-300:]}; choose another model"
    )
