import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import datasets
import pytest
from huggingface_hub import DatasetCard
from markdown_it import MarkdownIt
from markdown_it.token import Token

from potstill.core.params import Export, Format, Keep, Target
from potstill.core.records import DebiasMethod
from potstill.core.wording import UNKNOWN
from potstill.training_set import card_wording, phrases
from potstill.training_set.card import MOST_SHOWN, FirstRow, render_card, write_card
from potstill.training_set.selection import Reason
from tests.training_set.sets import COUNTS, FORMATS, MANIFEST, edit_manifest, make_rows, write_files

HOSTILE = "x`|``| ---\n---\nlicense: wtfpl\n---\n# {{ 7 * 7 }} <script>alert(1)</script> {% raw %} [a](b) \\| ~~~"
EXAMPLE = FirstRow("messages", '{"messages": []}')


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training set with its card."""
    folder = write_files(tmp_path_factory.mktemp("export"))
    write_card(folder, MANIFEST)
    return folder


def parse(card: str) -> list[Token]:
    """Parse a card's Markdown as GitHub and the Hub do, tables included."""
    return MarkdownIt("commonmark").enable("table").parse(DatasetCard(card).text)


def find_words(tokens: list[Token], kind: str) -> list[str]:
    """Return the words of each heading or cell."""
    return [after.content for token, after in pairwise(tokens) if token.type == kind]


def count_cells(tokens: list[Token]) -> list[int]:
    """Return how many cells each row of each table has."""
    text = " ".join(token.type for token in tokens)
    return [row.count("td_open") + row.count("th_open") for row in text.split("tr_open")[1:]]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_loaded_as_the_card_says(folder: Path, tmp_path: Path, name: str) -> None:
    card = (folder / "README.md").read_text(encoding="utf-8")
    (said,) = re.findall(rf"^\| {name} \| `(.*?)` \|", card, re.MULTILINE)
    keyword, _, value = said.rpartition("=")
    arguments = {keyword or "name": json.loads(value)}
    loaded = datasets.load_dataset(str(folder), **arguments, cache_dir=str(tmp_path))
    assert {split: rows.to_list() for split, rows in loaded.items()} == {
        split: make_rows(split)[name] for split in COUNTS
    }


def test_every_config_of_the_card_is_loaded_and_the_first_format_without_a_name(folder: Path, tmp_path: Path) -> None:
    names = datasets.get_dataset_config_names(str(folder))
    assert names == [name for name in FORMATS if name != "soft_labels"]
    loaded = datasets.load_dataset(str(folder), cache_dir=str(tmp_path), split="train")
    assert loaded.column_names == ["Question", "Answer"]


def test_soft_labels_alone_are_a_config(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "export").mkdir()
    (tmp_path / "export/soft_labels").symlink_to(folder / "soft_labels")
    write_card(tmp_path / "export", edit_manifest(export={"formats": ["soft_labels"]}))
    loaded = datasets.load_dataset(str(tmp_path / "export"), "soft_labels", cache_dir=str(tmp_path / "cache"))
    assert {split: rows.num_rows for split, rows in loaded.items()} == COUNTS


def test_what_has_no_rows_is_no_config() -> None:
    manifest = edit_manifest()
    manifest["splits"]["train"]["rows"] = dict.fromkeys(FORMATS, 4) | {"preference": 0}
    manifest["splits"]["validation"]["rows"] = {"messages": 3}
    configs = DatasetCard(render_card(manifest, None)).data["configs"]
    splits = {config["config_name"]: [file["split"] for file in config["data_files"]] for config in configs}
    expected = {name: ["train"] for name in FORMATS if name not in ("soft_labels", "preference")}
    assert splits == expected | {"messages": ["train", "validation"]}


@pytest.mark.parametrize(
    ("stated", "metadata"),
    [
        pytest.param("CC-BY-SA-4.0", {"license": "cc-by-sa-4.0"}, id="an id"),
        pytest.param(["mit", "apache-2.0"], {"license": ["mit", "apache-2.0"]}, id="two"),
        pytest.param("unknown", {"license": "unknown"}, id="unknown"),
        pytest.param(None, {"license": "unknown"}, id="none"),
        pytest.param(
            "My own: see LICENSE", {"license": "other", "license_name": "my-own-see-license"}, id="one without an id"
        ),
    ],
)
def test_the_licence_is_the_sources_as_the_hub_takes_it(stated: Any, metadata: dict[str, Any]) -> None:
    data = DatasetCard(render_card(edit_manifest(source={"license": stated}), None)).data.to_dict()
    assert {name: value for name, value in data.items() if name.startswith("license")} == metadata


@pytest.mark.parametrize(("rows", "size"), [(333, "n<1K"), (500, "1K<n<10K"), (600_000, "1M<n<10M")])
def test_the_size_is_that_of_all_splits(rows: int, size: str) -> None:
    manifest = edit_manifest(split={"rows": {"messages": rows}})
    assert DatasetCard(render_card(manifest, None)).data["size_categories"] == [size]


def test_texts_of_others_break_neither_front_matter_nor_tables_nor_headings() -> None:
    manifest = edit_manifest(
        source={"dataset": HOSTILE, "path": HOSTILE, "name": HOSTILE, "revision": HOSTILE, "license": HOSTILE},
        teacher={"model": HOSTILE, "served_as": [HOSTILE], "extras": {"stop": HOSTILE}},
        prompt={"name": HOSTILE, "system": HOSTILE, "user": f"````\n{HOSTILE}\n````"},
    )
    manifest["warnings"] = [HOSTILE]
    hostile, plain = (
        render_card(one, FirstRow("messages", text)) for one, text in ((manifest, HOSTILE), (MANIFEST, ""))
    )
    data, expected = DatasetCard(hostile).data.to_dict(), DatasetCard(plain).data.to_dict()
    assert {name for name in data if data[name] != expected.get(name)} == {"license", "license_name"}
    tokens, plain_tokens = parse(hostile), parse(plain)
    assert [token.type for token in tokens] == [token.type for token in plain_tokens]
    assert count_cells(tokens) == count_cells(plain_tokens)
    assert find_words(tokens, "heading_open")[1:] == find_words(plain_tokens, "heading_open")[1:]
    fences = [token.content for token in tokens if token.type == "fence"]
    assert fences[1:] == [f"{HOSTILE}\n", f"{HOSTILE}\n", f"````\n{HOSTILE}\n````\n"]
    kinds, plain_kinds = ({part.type for one in card for part in one.children or ()} for card in (tokens, plain_tokens))
    assert kinds == plain_kinds  # no link, no HTML


def test_numbers_stand_in_the_tables_and_unknown_ones_are_told() -> None:
    cells = find_words(parse(render_card(MANIFEST, None)), "td_open")
    assert cells[:8] == [
        "train", "64", "60", "4 rows", "12 of 60: 20\N{NO-BREAK SPACE}% (12\N{EN DASH}32\N{NO-BREAK SPACE}%)",
        "20\N{NO-BREAK SPACE}% (12\N{EN DASH}31\N{NO-BREAK SPACE}%)", "98\N{NO-BREAK SPACE}%", "5,812 (120)",
    ]  # fmt: skip
    assert cells[cells.index("leaked") - 1 :][:4] == ["train", "leaked", "3", "A 1, C 2"]
    assert cells[cells.index("unparsed") :][:3] == ["unparsed", "1", "without 1"]
    assert [cell for cell in cells if cell.startswith("0.")][:2] == ["0.01 (p = 0.410)", "0.47"]
    quality = dict.fromkeys(MANIFEST["splits"]["train"]["quality"])
    no_shift = dict.fromkeys(MANIFEST["splits"]["train"]["shift"])
    unknown = edit_manifest(split={"agreement_with_gold": None, "shift": no_shift, "quality": quality, "left_out": {}})
    card = render_card(unknown, None)
    cells = find_words(parse(card), "td_open")
    assert cells[4:7] == ["no gold", UNKNOWN, UNKNOWN]
    letters = cells[cells.index("gold, kept questions") :]
    assert letters.count(UNKNOWN) == 2 * len(COUNTS)
    assert "No question was left out." in card


def test_the_card_warns_first_and_says_what_is_not_known() -> None:
    card = render_card(edit_manifest(source={"license": "unknown"}), EXAMPLE)
    headings = find_words(parse(card), "heading_open")
    assert headings[:2] == ["riddles, answered by gpt-x", "Read this first"]
    assert card.index("1 of 4 rows of train disagree") < card.index("| split |")
    assert "It states no licence" in card
    assert "Potstill does not know under which terms" in card


@pytest.mark.parametrize(
    ("values", "said"),
    [
        pytest.param(Format, card_wording.READERS, id="formats"),
        pytest.param(Target, phrases.TARGETS, id="target"),
        pytest.param(Keep, phrases.KEPT, id="keep"),
        pytest.param(Export.model_fields["augment"].annotation, phrases.AUGMENTED, id="augment"),
        pytest.param(Export.model_fields["balance"].annotation, phrases.BALANCED, id="balance"),
        pytest.param(DebiasMethod, card_wording.METHODS, id="debias"),
        pytest.param(Reason, card_wording.REASONS, id="reasons"),
    ],
)
def test_each_value_is_said_in_words(values: Any, said: dict[str, str]) -> None:
    assert set(said) == set(get_args(values))


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        pytest.param({}, "Asked: each question once.", id="once"),
        pytest.param({"rotations": 3}, "Asked: each question in 3 orders of its options; the responses", id="rotated"),
        pytest.param(
            {"rotations": "all", "replicates": 2, "pride_share": 0.5},
            "Asked: each question in every order of its options for 50\N{NO-BREAK SPACE}% of them, else in one, "
            "2 times each; the responses",
            id="some of them",
        ),
    ],
)
def test_the_card_says_how_often_a_question_was_asked(prepare: dict[str, Any], said: str) -> None:
    assert said in render_card(edit_manifest(prepare=prepare), None)


def test_a_long_example_is_cut(tmp_path: Path) -> None:
    (tmp_path / "messages").mkdir()
    (tmp_path / "messages/train.jsonl").write_text('{"messages": "' + "x" * 5_000 + '"}\n')
    write_card(tmp_path, edit_manifest(export={"formats": ["soft_labels", "messages"]}))
    card = (tmp_path / "README.md").read_text()
    assert "The first row of `messages`" in card
    assert card.count("x") < MOST_SHOWN + 50
    assert "more characters)" in card
