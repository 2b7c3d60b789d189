"""A training set goes to a Hub on loopback, through the Hub's own client, and is loaded from there."""

import hashlib
import json
import os
import pty
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from potstill.commands.publish_dataset import main
from tests.servers.hub_uploads import READER, WRITER, UploadHub

ROOT = Path(__file__).parents[2]
REPO = "ada/trivia"
SPLITS = ("train", "validation")
COMMIT = f"{2:040x}"  # after the one with which the Hub makes a repository
CARD = """---
license: mit
configs:
- config_name: messages
  data_files:
  - {split: train, path: messages/train.jsonl}
  - {split: validation, path: messages/validation.jsonl}
---
# Trivia
"""
LOAD = """
import sys, datasets
for split, rows in datasets.load_dataset(sys.argv[1], "messages").items():
    print(split, *(row["messages"][-1]["content"] for row in rows))
"""


def write_export(folder: Path, answer: str, *formats: str, card: str = CARD) -> str:
    """Write an export whose rows all have this answer, and return what names it."""
    files = {"README.md": card} | {
        f"{name}/{split}.jsonl": json.dumps({"messages": [{"role": "assistant", "content": answer}]}) + "\n"
        for name in formats
        for split in SPLITS
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    described = {
        name: {
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
            "bytes": len(text),
            "rows": text.count("\n") if name.endswith(".jsonl") else None,
        }
        for name, text in files.items()
    }
    splits = {split: {"rows": dict.fromkeys(formats, 1)} for split in SPLITS}
    manifest = {"versions": {"potstill": "1"}, "splits": splits, "warnings": ["Beware."], "files": described}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return hashlib.sha256(json.dumps(manifest).encode()).hexdigest()


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[UploadHub]:
    """An empty Hub that .env names, and a token that may write."""
    monkeypatch.chdir(tmp_path)
    with UploadHub(REPO) as server:
        for name, value in (("HF_ENDPOINT", server.endpoint), ("HF_TOKEN", WRITER)):
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
def export(tmp_path: Path) -> Path:
    write_export(tmp_path / "export", "A", "messages")
    return Path("export")


def publish(*options: str, repository: str = REPO) -> Result:
    return CliRunner().invoke(
        main, ["--repository", repository, "--export", "export", *options], catch_exceptions=False
    )


def say(*options: str) -> list[str]:
    done = publish(*options)
    assert done.exit_code == 0, done.output
    assert WRITER not in done.output
    return done.output.splitlines()


def test_an_export_is_uploaded_loaded_and_replaced_by_the_next_one(hub: UploadHub, tmp_path: Path) -> None:
    digest = write_export(tmp_path / "export", "A", "messages", "alpaca")
    size = sum(file.stat().st_size for file in Path("export").rglob("*") if file.is_file())
    lines = say("--yes")
    assert lines == [
        f"dataset {REPO} on {hub.endpoint}: is not there yet and will be public",
        f"to upload: 6 files of export, {size / 1000:.1f} kB; rows: messages 2, alpaca 2",
        "licence that the card states: mit",
        "warning: Beware.",
        f"uploaded: {hub.address}/commit/{COMMIT}",
    ]
    assert hub.private is False
    assert hub.made[0].title == f"Upload Potstill's export {digest[:12]}"
    assert digest in hub.made[0].description

    assert say()[-1] == "the Hub has these very files, so there is nothing to upload"
    assert len(hub.made) == 1

    hub.add_commit(hub.files | {"LICENSE": b"by hand"})
    (tmp_path / "export/alpaca/train.jsonl").unlink()
    (tmp_path / "export/alpaca/validation.jsonl").unlink()
    write_export(tmp_path / "export", "B", "messages")
    assert say()[-1].startswith("uploaded: ")
    assert hub.made[1].uploaded == {"messages/train.jsonl", "messages/validation.jsonl", "manifest.json"}
    assert hub.made[1].deleted == {"alpaca/train.jsonl", "alpaca/validation.jsonl"}
    assert hub.files["LICENSE"] == b"by hand"

    done = subprocess.run(
        [sys.executable, "-c", LOAD, REPO],
        env={name: value for name, value in os.environ.items() if name != "HF_TOKEN"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["train B", "validation B"]


def answer_in_a_terminal(text: str) -> tuple[int, str]:
    """Publish as somebody at a terminal who types this, and return the exit code and what was shown."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "potstill", "publish_dataset", "--repository", REPO, "--export", "export"]
    try:
        os.write(ours, f"{text}\n".encode())
        done = subprocess.run(
            command,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=theirs,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert WRITER not in done.stdout + done.stderr
    return done.returncode, done.stdout + done.stderr


@pytest.mark.usefixtures("export")
def test_the_first_upload_into_a_repository_is_asked_for(hub: UploadHub, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"HF_TOKEN={WRITER}\nHF_ENDPOINT={hub.endpoint}\n")
    code, shown = answer_in_a_terminal("n")
    assert (code, hub.private, hub.made) == (1, None, [])
    assert "Upload it? [y/N]: " in shown

    hub.create(private=True, **{"README.md": b"---\nlicense: mit\n---\n# Mine\n", "notes.txt": b""})
    done = publish()
    assert done.stderr == "Error: nothing was uploaded, since the first upload is to be confirmed; add YES=1\n"
    assert hub.made == []

    code, shown = answer_in_a_terminal("y")
    assert (code, len(hub.made), hub.private) == (0, 1, True)
    assert f"dataset {REPO} on {hub.endpoint}: is there and is private\n" in shown
    assert "no export of Potstill is there yet; replaced: README.md; other files stay\n" in shown
    assert "notes.txt" in hub.files


@pytest.mark.usefixtures("export")
def test_a_new_repository_is_private_where_that_is_asked_for(hub: UploadHub) -> None:
    assert say("--private", "--yes")[0].endswith("is not there yet and will be private")
    assert hub.private is True


@pytest.mark.usefixtures("export")
def test_a_public_repository_is_not_uploaded_to_as_if_it_were_private(hub: UploadHub) -> None:
    hub.create(private=False)
    assert publish("--private", "--yes").stderr == (
        f"Error: {REPO}: is public on the Hub, which PRIVATE=1 does not change; make it private in its settings there, "
        "or leave PRIVATE=1 out\n"
    )
    assert hub.made == []


EXAMPLE = "such as `make publish-dataset REPO=ada/trivia`"


@pytest.mark.parametrize(
    ("repository", "token", "sentence"),
    [
        pytest.param("", WRITER, rf"REPO: expected OWNER/NAME, {EXAMPLE}, found none", id="no-repository"),
        pytest.param("trivia", WRITER, rf"REPO: expected OWNER/NAME, {EXAMPLE}, got 'trivia'", id="no-owner"),
        pytest.param("ada/x--y", WRITER, "ada/x--y: the Hub's client refuses it: Cannot have -- .*", id="bad-name"),
        pytest.param(REPO, "", r"HF_TOKEN: expected a token .*, found none; set it in .env, .*", id="no-token"),
        pytest.param(REPO, "hf_…abc", r"HF_TOKEN: .*, found one with other characters than .*", id="masked-token"),
        pytest.param(
            REPO,
            "hf_old",
            r"HF_TOKEN: http://127\S+ refused it \(Invalid credentials in Authorization header\); make one that may "
            r"write at http://127\S+/settings/tokens",
            id="refused-token",
        ),
        pytest.param(
            REPO,
            READER,
            rf"{REPO}: the token may not write there \(You don't have the rights to do this\); use one .* ada's",
            id="token-that-may-only-read",
        ),
    ],
)
@pytest.mark.usefixtures("export")
def test_what_is_missing_or_refused_is_one_sentence(
    repository: str, token: str, sentence: str, hub: UploadHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    done = publish("--yes", repository=repository)
    assert re.fullmatch(rf"Error: {sentence}\n", done.stderr)
    assert hub.private is None


@pytest.mark.usefixtures("export")
def test_a_hub_that_cannot_be_reached_is_one_sentence(hub: UploadHub, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{bound.getsockname()[1]}"
        monkeypatch.setenv("HF_ENDPOINT", endpoint)
        done = publish("--yes")
    assert re.fullmatch(rf"Error: {REPO}: the Hub at {endpoint} cannot be reached \(.*\); check .*\n", done.stderr)
    assert hub.paths == []


def test_only_a_whole_export_is_uploaded(hub: UploadHub, export: Path) -> None:
    with (export / "messages/train.jsonl").open("a") as file:
        file.write("\n")
    done = publish("--yes")
    assert re.fullmatch(r"Error: export: expected .*, but messages/train.jsonl .*; `make repro` .*\n", done.stderr)
    export.rename("elsewhere")
    assert publish("--yes").stderr == "Error: export: expected a training set, found none; run `make repro`\n"
    assert hub.paths == []


def test_a_card_that_the_hub_does_not_take_is_one_sentence(hub: UploadHub, tmp_path: Path) -> None:
    write_export(tmp_path / "export", "A", "messages", card=CARD.replace("mit", "CC BY 4.0"))
    assert publish("--yes").stderr == (
        f'Error: {REPO}: the Hub\'s client refuses it: Invalid metadata in README.md. - "license" is not known\n'
    )
    assert hub.made == []
