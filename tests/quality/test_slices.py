import pytest

from potstill.quality.slices import LENGTH_BANDS, QUESTION_TYPES, count_words, length_band, question_type


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("What might a cat do?", "what/which", id="what"),
        pytest.param("WHICH way is north?", "what/which", id="upper case"),
        pytest.param("Where's the key?", "where", id="contraction"),
        pytest.param("Whose permission do you need?", "who", id="whose"),
        pytest.param("Why might a person squint?", "why", id="why"),
        pytest.param("James wanted a farm.  Where might he look?", "where", id="last sentence"),
        pytest.param("It also serves as a security measure at a what?", "what/which", id="last word"),
        pytest.param("If it rains, whom would you call?", "who", id="behind a comma"),
        pytest.param("When it rains how might a cat act?", "how", id="before a verb"),
        pytest.param("From where do aliens come?", "where", id="behind a preposition"),
        pytest.param("A man who is hungry goes to the place where he gets what?", "what/which", id="relative pronouns"),
        pytest.param("Joe is in the place where he keeps his tools?", "other", id="relative pronoun alone"),
        pytest.param("Where in the U.S. do ships unload?", "where", id="dots of an abbreviation"),
        pytest.param("He did not know what it was and went to the", "other", id="sentence to go on with"),
        pytest.param("To see new films you must?", "other", id="no question word"),
        pytest.param("Whatever happens next?", "other", id="longer word"),
        pytest.param('  "...What?" she said', "what/which", id="quotes and dots before"),
        pytest.param("\N{INVERTED QUESTION MARK}How many?", "how", id="other punctuation"),
        pytest.param("\N{RIGHT-TO-LEFT OVERRIDE}Where?", "where", id="invisible mark before"),
        pytest.param("", "other", id="empty"),
    ],
)
def test_question_type_is_the_word_that_asks(text: str, expected: str) -> None:
    assert question_type(text) == expected
    assert expected in QUESTION_TYPES


@pytest.mark.parametrize(
    ("words", "band"),
    [
        *((0, "<10"), (9, "<10"), (10, "10\N{EN DASH}14"), (14, "10\N{EN DASH}14")),
        *((15, "15\N{EN DASH}19"), (19, "15\N{EN DASH}19"), (20, "20+"), (9000, "20+")),
    ],
)
def test_length_band_has_its_bounds(words: int, band: str) -> None:
    text = " \n\t".join(["word"] * words)
    assert count_words(text) == words
    assert length_band(text) == band
    assert band in LENGTH_BANDS
