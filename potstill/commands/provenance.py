"""Say where the files of an export came from, and who changed what since."""

from pathlib import Path

import click

from potstill.core.options import project_path_option
from potstill.core.records import write_json
from potstill.sharing.prov import build_document, convert_to_json
from potstill.sharing.provenance import describe_provenance, trace


@click.command()
@click.option("--revision", default="HEAD", help="A commit, tag or branch.")
@project_path_option("raw", "Folder with questions.")
@project_path_option("responses", "Folder with what came back.")
@project_path_option("ledger", "Folder with what was bought and published.")
@project_path_option("export", "Folder with the training set.")
@click.option("--document", type=click.Path(path_type=Path), default="logs/provenance.json", help="File for PROV-JSON.")
def main(revision: str, raw: Path, responses: Path, ledger: Path, export: Path, document: Path) -> None:
    """Trace a commit's export back to its origins, and list later changes.

    Origins are params, prompt, teacher, data set and ledger. The document says the same in PROV-JSON.
    """
    provenance = trace(revision or "HEAD", raw, responses, ledger, export)
    click.echo("\n".join(describe_provenance(provenance)))
    write_json(document, convert_to_json(build_document(provenance)))
    click.echo(f"as PROV-JSON: {document}")
