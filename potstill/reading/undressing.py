r"""What a text says without its dress: no thinking, tags, JSON, LaTeX, markdown, emoji or blank lines. No I/O.

A marked answer, such as {"answer": "B"} or \boxed{B}, becomes a line of its own: "Answer: B". A key or a tag that marks
something else, such as "second_choice", does not, nor does a list of the options. Lines with ticks and crosses keep
what is ticked.
"""

import re
from itertools import chain, repeat

from potstill.reading.characters import CHARACTERS, CROSS, TICK
from potstill.reading.drafts import Draft

# A sign that must be there, what is replaced, and by what.
_KIND = r"(?:final|best|correct|right|my|the|your|chosen|selected|predicted|model|ai|llm|likely|most|multiple|choice)"
ANSWER_KEY = (
    rf"(?:(?:{_KIND}[_ -]?){{0,3}}(?:answer|choice|option|letter|label|response|output|result|prediction|selection)"
    r"(?:[_ -]?(?:letter|label|key|choice|option|text|value))?|text)"
)
_THOUGHTS = r"(think|thinking|thought|thoughts|reasoning|scratchpad|reflection|analysis|rationale)"
_SAYING = r"(?:print|return|(?:\w+_)?(?:answer|choice|choose|select|submit|final)\w*)"
_UNTHINKING = tuple(
    (sign, re.compile(pattern), plain)
    for sign, pattern, plain in (
        ("<|", r"(?s)\A.*<\|channel\|>\s*final\b[^<]{0,20}<\|message\|>", ""),
        ("<|", r"<\|channel\|>\s*(?:analysis|commentary)\b[^<]*(?:<(?!\|end\|)[^<]*)*(?:<\|end\|>)?", "\n"),
        ("<|", r"<\|(?:start|im_start|start_header_id)\|>\s*assistant\s*(?:<\|(?:message|end_header_id)\|>)?", "\n"),
        ("</", rf"(?i)<{_THOUGHTS}\b[^<>]*>[^<]*(?:<(?!/?\1\b)[^<]*)*</\1>", "\n"),
        ("[/", r"(?i)\[(think|thinking|reasoning)\][^\[]*(?:\[(?!/?\1\])[^\[]*)*\[/\1\]", "\n"),
        ("think", r"(?is)\A.*</think(?:ing)?>|<think(?:ing)?\b[^<>]*>.*", ""),
        ("THINK", r"(?is)\A.*(?:</think(?:ing)?>|\[/THINK\])|(?:<think(?:ing)?>|\[THINK\]).*", ""),
    )
)
_DRESS = tuple(
    (sign, re.compile(pattern), plain)
    for sign, pattern, plain in (
        (
            "</",
            r"(?is)<([a-z_-]{0,30}(?:wrong|incorrect|eliminated|rejected|excluded|discarded|dismissed|distractor|example)[a-z_-]*)>"
            r".{0,200}?</\1>",
            "\n",
        ),
        ("</", rf"(?i)</{ANSWER_KEY}>\s*(?:or|and|,|/)?\s*<{ANSWER_KEY}>", " or "),
        ("\\", r"\}\$?\s*(?:or|and|,|/)?\s*\$?\\boxed\s*\{", " or "),
        ("<", rf"(?i)<{ANSWER_KEY}(?: [^<>]{{0,60}})?>", "\nAnswer: "),
        ("</", r"(?is)<([a-z_-]*(?:answer|choice|option))>.{0,200}?</\1>", "\n"),
        ("<", r"</?(?!s>)[a-z][a-z0-9_-]*(?: [^<>\n]{0,60})?/?>", "\n"),
        ("&", r"&nbsp;", " "),
        ("&", r"&(?:quot|apos|#3[49]);", '"'),
        ("[", r"\[\s*\{[^][{}]*\}\s*,\s*\{[^][]*\}\s*\]", "[]"),
        (
            "{",
            rf"""(?i)(?:\\*["']{ANSWER_KEY}\\*["']|(?<=\{{){ANSWER_KEY}|(?<=\{{ ){ANSWER_KEY})\s*:\s*"""
            r"""(\\+"[^"\\\n]*\\+"|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|\[[^\]\n]*\]|\w+)""",
            r"\nAnswer: \1\n",
        ),
        (
            "(",
            rf"""(?m)^\s*(?:\w+\.)?{_SAYING}\(\s*(?:\w+\s*=\s*)?(["'][^"'()\n]{{1,80}}["'])\s*\);?\s*$""",
            r"Answer: \1",
        ),
        ("\\", r"\\(?:text|textbf|textit|textrm|textsf|mathrm|mathbf|mathsf|mathit|bf|rm)\s*\{([^{}]*)\}", r"\1"),
        ("\\", r"\\(?:f?boxed|fbox)\s*\{([^{}]*)\}", r"\nAnswer: \1\n"),
        ("\\", r"\\[()\[\]!,;\" ]", " "),
        ("\\", r"\\n(?![a-z])", "\n"),
        ("$", r"(?<!\$)\$+([A-Za-z\n({ ][^$]{0,80}?)\$+", r"\1"),
        ("$", r"\$(\d[\d.,/]*)\$(?!\d)", r"\1"),
        ("`", r"```\w*|`", ""),
        ("~~", r"~~[^~\n]{1,80}~~", " "),
        ("*", r"\*", ""),
        ("_", r"(?<![^\W_])_+|_+(?![^\W_])", ""),
        ("#", r"(?m)^\s?#+", ""),
        ("|", r"(?<=\b[^\W_])\|(?=[^\W_]\b)", "/"),
        ("|", r"(?m)^[ \t]*\||(?<!<)\|[ \t]*$|^[ \t|:-]+$", ""),
        ("|", r"[ \t]*(?<!<)\|(?!>)[ \t]*", ". "),
        ("/", r"(?i)\bn/a\b", "none"),
        ("  ", r" {2,}", " "),
        ("( ", r"\( ?(\w) ?\)", r"(\1)"),
        ("[ ", r"\[ ?(\w) ?\]", r"[\1]"),
        ("{ ", r"\{ ?(\w) ?\}", r"{\1}"),
        ("\n", r" ?\n[\n ]*", "\n"),
    )
)
_DRESSED = re.compile(r"[][<{}(\\$`~*_#|/&\n]|  |hink|HINK")
_MARK = f"[{TICK}{CROSS}]"
_MARKED_TWICE = re.compile(rf"(?m)^.*{_MARK}.*{_MARK}.*$")
_CROSSED = re.compile(rf"(?m)^(?:{CROSS}.*|.*{CROSS}|[^\w\n]{{0,4}}\w{{1,4}}[^\w\n]{{0,4}}{CROSS}.*)$")
_TICKED = re.compile(rf"(?m)^[ >\u2022-]{{0,40}}(?=.*{TICK})")
_ANY_MARK = re.compile(f" ?{_MARK} ?")
_NEXT_TURN = re.compile(
    r"<\|[a-z_]+\|>|</s>|\[/?INST\]|\n(?:[Qq]uestion|Q|[Uu]ser|[Hh]uman|Instruction|Exercise|Problem) ?\d*(?::|\n)"
)
_ASKED = re.compile(
    r"\A(?:user|human|student|pupil) ?:[^\n]*(?:\n(?!(?:assistant|teacher|tutor|ai|bot|model) ?:)[^\n]*)*"
    r"\n(?=(?:assistant|teacher|tutor|ai|bot|model) ?:)",
    re.IGNORECASE,
)
_ROLE = re.compile(r"\A(?:assistant|teacher|tutor|model|ai|bot|chatbot|gpt)(?::|\n)\s*(?=\S)", re.IGNORECASE)
_FEW_SHOT = re.compile(r"\A(?:A: ?|1[.)] )(?=\(?[B-Z]\b(?:[.):]|\s*\Z|\n)|\(A\)|A\.? ?\Z)")
_LONGEST, _HEAD = 12_000, 3_000  # of a longer text its opening and its end are read


def undress(text: str) -> str:
    """Take off thinking, tags, JSON, LaTeX, markdown and blank lines."""
    if text.isascii() and all(part.isalpha() for part in text.split(" ")):  # a label or words: nothing to take off
        return text
    draft = Draft(text)
    undress_draft(draft)
    return draft.text


def undress_turn(text: str) -> str:
    """Undress a teacher's text, and cut off the next question or turn that a small model invents after its own."""
    draft = Draft(text)
    undress_turn_of(draft)
    return draft.text


def undress_draft(draft: Draft) -> None:
    """Take the dress off a draft."""
    draft.map_characters(CHARACTERS)
    draft.strip()
    if _DRESSED.search(draft.text):
        drop_thoughts(draft)
        for sign, pattern, plain in _DRESS:
            if sign in draft.text:
                draft.replace(pattern, plain)
    draft.strip()


def drop_thoughts(draft: Draft) -> None:
    """Drop what a reasoning model thinks before it answers."""
    for sign, pattern, plain in _UNTHINKING:
        if sign in draft.text:
            draft.replace(pattern, plain)


def undress_turn_of(draft: Draft) -> None:
    """Undress a draft, keep the teacher's own turn of it, and settle its ticks."""
    undress_draft(draft)
    start = 0
    for turn in [*_NEXT_TURN.finditer(draft.text), None]:
        end = turn.start() if turn else len(draft.text)
        if draft.text[start:end].strip():
            draft.keep(start, end)
            break
        start = turn.end() if turn else end
    draft.replace(_ASKED, "")
    draft.replace(_ROLE, "")
    draft.replace(_FEW_SHOT, "")
    if TICK in draft.text or CROSS in draft.text:
        _settle_ticks(draft)
    if len(draft.text) > _LONGEST:
        draft.cut(_HEAD, len(draft.text) - (_LONGEST - _HEAD))
    draft.strip()


def _settle_ticks(draft: Draft) -> None:
    """Drop the lines with a cross, and make answers of those with a tick; several ticked ones are offered together."""
    draft.replace(_MARKED_TWICE, _break_at_marks)
    if CROSS in draft.text or TICK in draft.text.partition("\n")[0]:
        openings = chain(["Answer: "], repeat("or "))
        draft.replace(_CROSSED, "")
        draft.replace(_TICKED, lambda _: next(openings))
    draft.replace(_ANY_MARK, " ")


def _break_at_marks(line: re.Match[str]) -> str:
    """Give each mark of a line, and what it stands before or after, a line of its own."""
    before = line[0].startswith((TICK, CROSS))
    return re.sub(rf" (?={_MARK})" if before else rf"(?<={_MARK}) ", "\n", line[0])


def bare(text: str) -> str:
    """Return an undressed text as option texts are compared: no case, article or punctuation around it."""
    stripped = text.lower().strip(" \n.,;:!?\"'()[]")
    return stripped.removeprefix("the ").removeprefix("an ").removeprefix("a ")
