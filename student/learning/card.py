"""The card of a student: what a person reads who decides whether to use the model."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from potstill.core.distributions import round_number
from potstill.core.documents import render_document
from potstill.core.records import replacing
from potstill.training_set.front_matter import list_licenses
from potstill.training_set.markdown import FILTERS, format_text
from potstill.training_set.phrases import KEPT, TARGETS
from student.core.params import BUNDLED, StudentParams
from student.learning.measuring import Learned
from student.learning.section import METHOD, Sources, describe_source, list_differences, list_measures, list_seeds
from student.learning.verdicts import describe_learning

FOLDER = Path(__file__).parent


class About(NamedTuple):
    """What a card says of a kind of student: the bundled base, the libraries, and where the model to use is."""

    bundled: str
    library: str
    pipeline: str
    tags: list[str]
    weights: str  # of the seed that is filled in
    words: str


KINDS: Mapping[str, About] = {
    "chat": About(
        "HuggingFaceTB/SmolLM2-135M-Instruct", "transformers", "text-generation", ["gguf", "trl"],
        "student/models/served/trained-{}/model.gguf",
        "A language model that answers multiple-choice questions, taught the answers of another one by Potstill.",
    ),
    "rank": About(
        "sentence-transformers/all-MiniLM-L6-v2", "sentence-transformers", "sentence-similarity", [],
        "student/models/rank/trained-{}",
        "A sentence encoder that answers multiple-choice questions, by the option whose embedding is nearest to the "
        "question's, taught the answers of a language model by Potstill.",
    ),
}  # fmt: skip
LICENSES = {about.bundled: "apache-2.0" for about in KINDS.values()}  # as their own cards state


def write_card(
    folder: Path, learned: Learned, params: StudentParams, manifest: Mapping[str, Any], made_of: Sources
) -> Path:
    """Write the README.md of the student to use, as the Hub takes it, and return its path."""
    front = build_front_matter(learned, find_base(learned.kind, params), manifest)
    text = f"---\n{front.to_yaml()}\n---\n\n{render_card(learned, params, manifest, made_of)}"
    path = folder / learned.kind / "README.md"
    with replacing(path) as unfinished:
        ModelCard(text).save(unfinished)
    return path


def find_base(kind: str, params: StudentParams) -> str | None:
    """Return the Hub's name of the model before training; None for one from a folder."""
    name: str = getattr(params, kind).model
    return KINDS[kind].bundled if name == BUNDLED else None if Path(name).is_dir() else name


def build_front_matter(learned: Learned, base: str | None, manifest: Mapping[str, Any]) -> ModelCardData:
    """Return a card's metadata: those that nobody states are left out."""
    about, source = KINDS[learned.kind], manifest["source"]
    result = EvalResult(
        task_type="multiple-choice", dataset_type=source["path"], dataset_name=source["dataset"],
        dataset_split=learned.split, dataset_revision=source["revision"], metric_type="accuracy",
        metric_value=round_number(learned.seeds[0].trained.measures.accuracy),
    )  # fmt: skip
    return ModelCardData(
        base_model=base,
        datasets=[source["path"]] if source["revision"] else None,
        license=LICENSES.get(base or ""),
        library_name=about.library,
        pipeline_tag=about.pipeline,
        tags=["distillation", "multiple-choice", "potstill", *about.tags],
        model_name=f"{learned.kind} student of {manifest['teacher']['model']}",
        eval_results=[result],
    )


def render_card(learned: Learned, params: StudentParams, manifest: Mapping[str, Any], made_of: Sources) -> str:
    """Return the card's Markdown; what others wrote goes through the filters."""
    about, seed = KINDS[learned.kind], learned.seeds[0].seed
    return render_document(
        FOLDER / "card.md",
        FILTERS,
        title=f"The {learned.kind} student of {format_text(manifest['teacher']['model'])}",
        about=about.words,
        verdict=describe_learning(learned),
        source=describe_source(learned, params, manifest, made_of),
        learned=learned,
        manifest=manifest,
        licences=list_licenses(manifest["source"]["license"]),
        kept=KEPT[manifest["export"]["keep"]],
        target=TARGETS[manifest["export"]["target"]],
        settings=getattr(params, learned.kind).model_dump(),
        max_tokens=params.ask.max_tokens,
        seed=seed,
        weights=about.weights.format(seed),
        measures=list_measures(learned),
        differences=list_differences(learned),
        seeds=list_seeds(learned),
        method=METHOD,
    )
