"""What torch, transformers and their kin read from the environment: to be set before they are imported."""

import os
import warnings

QUIET = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    "TQDM_DISABLE": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TRL_EXPERIMENTAL_SILENCE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "DVC_NO_ANALYTICS": "1",
}
DEFAULTS = {
    "CUDA_VISIBLE_DEVICES": "0",  # with several, a step would hold as many batches
    "OMP_WAIT_POLICY": "passive",  # threads that spin while they wait for one whose core is taken are far slower
}


def quiet_libraries(*, offline: bool = True) -> None:
    """Set that they report nothing to anybody, draw no bars and, if offline, ask the Hub nothing."""
    os.environ.update(QUIET)
    if offline:
        os.environ["HF_HUB_OFFLINE"] = "1"
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    warnings.simplefilter("ignore")
