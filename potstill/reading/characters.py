"""Characters that stand for plainer ones: quotes, dashes, full-width and circled letters, invisible marks. No I/O.

Texts and option texts pass through the same table, so that they are compared alike.
"""

import unicodedata

TICK, CROSS = "\u2713", "\u2717"

# What a character is read as where its compatibility form does not say so.
_PLAIN = {
    "\u2018\u2019\u201a\u201b\u2032\u02bc\u00b4": "'",
    "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\u300c\u300d\u300e\u300f\u300a\u300b": '"',
    "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2192\u21d2\u27a1\u30fb": "-",
    "\u3010\u3014\u27e6": "[",
    "\u3011\u3015\u27e7": "]",
    "\u3008\u27e8": "<",
    "\u3009\u27e9": ">",
    "\u3002\uff0e\uff61\u0964\u06d4": ". ",
    "\u3001\uff0c\uff64\u060c": ", ",
    "\uff1b\u061b": "; ",
    "\uff1a": ": ",
    "\uff1f\u061f": "? ",
    "\uff01": "! ",
    "\uff08": " (",
    "\uff09": ") ",
    "\u2705\u2713\u2714\u2611\U0001f5f8\U0001f7e2": TICK,
    "\u274c\u274e\u2717\u2718\u2715\u2716\u2612\u26d4\U0001f6ab\U0001f5f4\U0001f534": CROSS,
    "\u0130": "I",  # its lower case is two characters, and places would shift
    "\u0622\u0623\u0625\u0671": "\u0627",  # forms of the Arabic alef
    "\t\u1680": " ",
    "\r\u0085\u2028\u2029\v\f": "\n",
    "\u0640\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad\u061c\u20e3\ufe0e\ufe0f": "",
}
_CIRCLES = (
    (0x1F150, "A", 26),
    (0x1F170, "A", 26),
    (0x1F1E6, "A", 26),
    (0x2776, "1", 9),
    (0x2780, "1", 9),
    (0x278A, "1", 9),
)
_DROPPED = (
    *((0x202A, 0x202E), (0x2066, 0x2069), (0x064B, 0x0652), (0xE000, 0xF8FF)),
    *((0x2600, 0x27BF), (0x1F000, 0x1F0FF), (0x1F18E, 0x1FAFF)),
)


class _Characters(dict[int, str]):
    """What each character is read as, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        """Compose the compatibility form; drop emoji, control characters and what is no character."""
        character = chr(code)
        kind = unicodedata.category(character)
        dropped = kind in ("Cs", "Cn") or (kind == "Cc" and character != "\n")
        if dropped or any(first <= code <= last for first, last in _DROPPED):
            plain = ""
        else:
            plain = unicodedata.normalize("NFKC", character)
        self[code] = plain
        return plain


CHARACTERS = _Characters({ord(odd): plain for group, plain in _PLAIN.items() for odd in group})
CHARACTERS.update({start + n: chr(ord(first) + n) for start, first, count in _CIRCLES for n in range(count)})
