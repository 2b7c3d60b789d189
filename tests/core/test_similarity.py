import pytest

from potstill.core.similarity import find_words, measure_similarity


@pytest.mark.parametrize(
    ("one", "other", "similarity"),
    [
        pytest.param("Where is it?", "it is, WHERE", 1, id="case, order and punctuation"),
        pytest.param("What is the capital of France?", "What is the capital of Spain?", 5 / 7, id="a word of six"),
        pytest.param("哪里可以存钱?", "哪里可以买书?", 4 / 8, id="Chinese"),
        pytest.param("?", "!", 1, id="no words"),
        pytest.param("", "Where?", 0, id="no words and one"),
        pytest.param("Straße", "STRASSE", 1, id="folded case"),
    ],
)
def test_similarity_is_the_share_of_the_words_in_common(one: str, other: str, similarity: float) -> None:
    assert measure_similarity(find_words(one), find_words(other)) == similarity
