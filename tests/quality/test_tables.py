from pathlib import Path

import pandas as pd

from potstill.quality.tables import letter_table, slice_table, write_table
from tests.judged import frames_of, judge


def test_letters_are_counted_for_each_split_and_series() -> None:
    table = letter_table(frames_of(train=[judge(0, "AB", "A"), judge(1, "C", "A")], test=[judge(0, [None], "B")]))
    counted = table[table["count"] > 0]
    assert dict(zip(counted["bar"], counted["count"], strict=True)) == {
        "train A answered": 1,
        "train B answered": 1,
        "train C answered": 1,
        "train A gold": 2,
        "train D gold": 1,
        "test none answered": 1,
        "test B gold": 1,
    }
    assert table["bar"].is_unique


def test_slices_count_questions_with_gold_and_letters_of_responses() -> None:
    frames = frames_of(
        train=[judge(0, "AB", question="Who is it?"), judge(1, [None], question="Why?"), judge(2, "A", None)]
    )
    table = slice_table(frames, "question_type")
    counted = table[table["n"] > 0]
    assert counted[["slice", "n", "correct", "A", "B", "C", "none", "bar"]].to_numpy().tolist() == [
        ["who", 1, 0, 1, 1, 0, 0, "train who"],
        ["why", 1, 0, 0, 0, 0, 1, "train why"],
    ]


def test_accuracy_by_gold_letter_counts_responses_as_shown() -> None:
    table = slice_table(frames_of(train=[judge(0, "AC", "A"), judge(1, "AB", "B")]), "gold")
    rows = table[["slice", "n", "correct", "accuracy"]].fillna(-1).to_numpy().tolist()
    # gold as shown: A then D, and B then A
    assert rows == [["A", 2, 1, 0.5], ["B", 1, 0, 0], ["C", 0, 0, -1], ["D", 1, 0, 0]]


def test_concepts_come_most_frequent_first_and_those_without_are_left_out() -> None:
    judged = [judge(n, "A", concept=name) for n, name in enumerate(["dog", "cat", None, "cat", "ape"])]
    table = slice_table(frames_of(train=judged, test=[judge(0, "B", concept="ape")]), "concept")
    assert table[["split", "slice", "n", "correct"]].to_numpy().tolist() == [
        ["train", "cat", 2, 2],
        ["train", "ape", 1, 1],
        ["train", "dog", 1, 1],
        ["test", "ape", 1, 0],
    ]


def test_table_has_six_decimals_p_values_six_digits_and_empty_cells_for_unknown(tmp_path: Path) -> None:
    table = pd.DataFrame({"name": ["a", "b"], "share": [1 / 3, None], "p": [1.25e-9, None]})
    write_table(tmp_path / "new/table.csv", table)
    assert (tmp_path / "new/table.csv").read_bytes() == b"name,share,p\na,0.333333,1.25e-09\nb,,\n"


def test_a_text_that_a_spreadsheet_would_compute_is_escaped_and_a_number_is_not(tmp_path: Path) -> None:
    texts = ["=1+1", "+1", "-1", "@A1", "\tx", "a=1", ""]
    table = pd.DataFrame({"id": texts, "kind": pd.Categorical(texts), "size": -0.5})
    write_table(tmp_path / "table.csv", table)
    written = pd.read_csv(tmp_path / "table.csv", keep_default_na=False)
    escaped = ["'=1+1", "'+1", "'-1", "'@A1", "'\tx", "a=1", ""]
    assert written.to_dict("list") == {"id": escaped, "kind": escaped, "size": [-0.5] * len(texts)}
