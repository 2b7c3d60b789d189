import random

from potstill.core.seen import Seen


def test_a_text_is_new_once_however_many_have_passed() -> None:
    names = [str(number) for number in range(2000)]
    seen = Seen(100)
    assert all(map(seen.add, names))
    random.Random(0).shuffle(names)
    assert not any(map(seen.add, names))
