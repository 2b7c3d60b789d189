"""The lineage of an export as a document of the W3C's PROV, which other tools read (PROV-DM, PROV-JSON)."""

import json
from typing import Any

from prov.model import ProvDocument

from potstill.sharing.history import PARAMS, Commit, Output
from potstill.sharing.lineage import Change
from potstill.sharing.provenance import Provenance

NAMESPACE = "urn:potstill:"
SOFTWARE, PERSON = {"prov:type": "prov:SoftwareAgent"}, {"prov:type": "prov:Person"}


def build_document(provenance: Provenance) -> ProvDocument:
    """Return a PROV document: from the export's files back to commit, params and ledger, and forward to changes."""
    lineage, export, answers = provenance.lineage, provenance.export, provenance.answers
    document = ProvDocument()
    document.add_namespace("potstill", NAMESPACE)
    commit = _add_commit(document, lineage.commit, {})
    chosen = lineage.find_chosen()
    served = {"potstill:models_served": _text(sorted(answers.models))}
    teacher = document.agent(
        _name("teacher", chosen["teacher"]["name"]), SOFTWARE | _attributes(chosen["teacher"]) | served
    )
    prompt = document.entity(_name("prompt", chosen["prompt"]["name"]), _attributes(chosen["prompt"]))
    dataset = document.entity(
        _name("dataset", chosen["dataset"]["name"]), _attributes(chosen["dataset"]) | _attributes(provenance.source)
    )
    for stage, locked in lineage.stages.items():
        document.wasInformedBy(_add_stage(document, stage, locked), commit)
    document.used(_name("stage", "load"), dataset)
    document.used(_name("stage", "prepare"), prompt)
    document.wasAssociatedWith(_name("stage", "infer"), teacher)
    for name, count in answers.segments.items():
        segment = document.entity(_name("segment", name), {"potstill:answers": count})
        document.used(_name("stage", "infer"), segment)
    for name, md5 in provenance.files.items():
        document.hadMember(_identify(export), _file(document, f"{export.path}/{name}", md5))
    for change in provenance.changes:
        _add_change(document, change)
    return document


def convert_to_json(document: ProvDocument) -> dict[str, Any]:
    """Return the document as PROV-JSON."""
    content: dict[str, Any] = json.loads(document.serialize(format="json") or "{}")
    return content


def _add_stage(document: ProvDocument, stage: str, locked: dict[str, Any]) -> Any:
    """Add a stage as dvc.lock has it: its command, its params, and the files that it read and wrote."""
    activity = document.activity(_name("stage", stage), None, None, {"potstill:command": locked.get("cmd", "")})
    params = locked.get("params", {}).get(PARAMS, {})
    activity.add_attributes({_name("param", name): _text(value) for name, value in params.items()})
    for dep in locked.get("deps", ()):
        document.used(activity, _file(document, dep["path"], dep.get("md5", "")))
    for out in locked.get("outs", ()):
        document.wasGeneratedBy(_file(document, out["path"], out["md5"]), activity)
    return activity


def _add_commit(document: ProvDocument, commit: Commit, attributes: dict[str, str]) -> Any:
    """Add the commit as an activity of its author, and return it."""
    label = {"prov:label": commit.subject}
    activity = document.activity(_name("commit", commit.id), None, commit.date, label | attributes)
    document.wasAssociatedWith(activity, _person(document, commit.author))
    return activity


def _add_change(document: ProvDocument, change: Change) -> None:
    """Add a later commit as an activity of its author, with what it changed."""
    attributes = {"potstill:params": _text(change.params), "potstill:files": _text(change.files)}
    _add_commit(document, change.commit, attributes)


def _person(document: ProvDocument, author: str) -> Any:
    """Return the agent of an author, added once."""
    known = document.get_record(_name("person", author))
    return known[0] if known else document.agent(_name("person", author), PERSON)


def _file(document: ProvDocument, path: str, md5: str) -> Any:
    """Return the entity of a file with one content, added once."""
    output = Output(path, md5)
    known = document.get_record(_identify(output))
    return known[0] if known else document.entity(_identify(output), {"potstill:path": path, "potstill:md5": md5})


def _identify(output: Output) -> str:
    """Return the identifier of a file with one content."""
    return _name("file", f"{output.path}@{output.md5}")


def _attributes(entry: dict[str, Any]) -> dict[str, str]:
    """Return an entry's values as attributes in the project's namespace."""
    return {f"potstill:{name}": _text(value) for name, value in entry.items() if value is not None}


def _name(kind: str, name: object) -> str:
    """Return the identifier of a thing of a kind."""
    return f"potstill:{kind}/{'_'.join(str(name).split())}"


def _text(value: Any) -> str:
    """Return a value as text: one that is none as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
