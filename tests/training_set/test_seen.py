import random

from potstill.training_set.seen import FIRST_SLOTS, Seen


def test_a_text_is_new_once_however_many_have_passed() -> None:
    names = [str(number).encode() for number in range(FIRST_SLOTS * 2)]
    seen = Seen()
    assert all(map(seen.add, names))
    random.Random(0).shuffle(names)
    assert not any(map(seen.add, names))
