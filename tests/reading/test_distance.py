"""Letters that a text names and keeps away from: denied, reported, echoed, taken back, or let stand beside another.

In every case the choices are A library, B bank, C department store, D mall and E countryside. Each distance has its
counterparts: texts with the same words that do commit to B.
"""

import pytest

from potstill.core.letters import letter_choices
from potstill.core.records import Choice
from potstill.reading.extraction import Extraction, extract_answer

PLACES = letter_choices(["library", "bank", "department store", "mall", "countryside"])

UNDER_A_DENYING_LINE = [
    "The answer is not\nB",
    "The answer is not:\n\nB",
    "The correct answer is not\n**B**",
    "Not\nB",
    "Not this one:\nB",
    "I eliminate the following:\nB",
    "Incorrect options:\nA",
    "Incorrect options:\nA\nD",
    "We can eliminate\n\nA",
    "A is ruled out:\nA",
    "Options that do not fit:\n- A",
    "Least likely:\nD",
    "Rejected:\n- D. mall",
]
TAKEN_BACK = [
    "The answer is B. It is not.",
    "The answer is B. Not really.",
    "The answer is B. That wasn't right.",
    "The answer is B. That would not be right.",
    "The answer is B. That can't be.",
    "The answer is B. This is not the correct answer.",
    "The answer is B. This contradicts the text.",
    "The answer is B... NOT!",
    "The answer is B. Wrong answer!",
    "The answer is B. I disagree strongly.",
    "The answer is B.\n\nI made an error in my reasoning.",
    "The answer is B. I take that back.",
    "The answer is B. Never mind.",
    "The answer is B. No.",
    "The answer is B. Or is it?",
    "The answer is B, or so I thought.",
    "Answer: B\n\nB is wrong.",
    "The answer is B. Explanation: the answer is not B.",
    "If the door is glass, the answer is B. Otherwise it is unclear.",
    "The answer is A. No, that's not right.",
    "The answer is A, which is incorrect.",
    "The answer is A, but that would be wrong.",
    "The answer is B. That is not correct.",
    "The answer is B. This is incorrect.",
    "The answer is B. That is wrong, of course.",
    "The answer is B. Just kidding.",
    "The answer is B. bank. Hmm, that's not it.",
    "The answer is B. I disagree.",
    "Answer: B (wrong)",
    "Answer: B (incorrect)",
    "Answer: B\nThis is incorrect.",
    "Answer: B. This is wrong because",
    "Student answer: A (incorrect)",
    "B. bank is wrong",
    '{"answer": "B. bank is wrong"}',
]
DENIED = [
    "Nothing in the text suggests the answer is B.",
    "There is little chance that the answer is B.",
    "It would be wrong to say the answer is B.",
    "I don't think so, but for others the answer is B, otherwise",
    "There is no evidence that the answer is B.",
    "I fail to see how the answer is B.",
    "It's impossible that the answer is B.",
    "I'm 10% sure the answer is B.",
    "The user is asking why the answer is B.",
    "We need to find which of A, B, C or D is correct. First,",
    "The answer is either B",
    "The answer is B or",
    "I doubt the answer is B.",
    "There's no way the answer is B.",
    "I disagree that the answer is B.",
    "I refuse to say the answer is B.",
    "Nobody would say the answer is B.",
    "Nobody would choose B.",
    "The answer is hardly A.",
    "All but A are correct.",
    "Everything except A is correct.",
    "Unless it is glass, B is correct.",
    "B is correct when the door is glass; otherwise A is correct.",
]
REPORTED = [
    "To him, the answer is B.",
    "User: The answer is B.\nAssistant: I disagree.",
    "Student: I think the answer is B.\nTutor: Not quite.",
    "My teacher told me that the correct answer is B.",
    "Old answer: B",
    "The teacher said the answer is B. That is wrong.",
    "My friend says the answer is A. I disagree.",
    "A is the correct answer according to some, but I disagree.",
    "They claim the answer is A.",
    "She thinks it's A.",
    "Most people would say the answer is A.",
    "According to the student, the answer is A.",
    "User's answer: A",
    "His answer is A.",
    "Student's answer: A. Correct answer: unknown.",
    "Initially I thought the answer was A.",
    "I thought the answer was A.",
    "At first glance, the answer seems to be A.",
    "The answer was B in the earlier version.",
    "The previous question's answer is B.",
]
ECHOED = [
    "Example 1: The answer is B.",
    "Write your answer as \\boxed{B}.",
    "Correct format:\nAnswer: B",
    "End your response with: The answer is B",
    'For example:\n{"answer": "B"}',
    "Let me analyze each option.\n\nA. library",
    "Format your answer like this: Answer: B",
    'I will end with a line like "Answer: A".',
    "You asked me to reply with 'Answer: A'.",
    "Explain why A is the correct answer.",
]
NO_LETTER = [*UNDER_A_DENYING_LINE, *TAKEN_BACK, *DENIED, *REPORTED, *ECHOED]


@pytest.mark.parametrize("text", NO_LETTER)
def test_a_letter_that_a_text_keeps_away_from_is_not_read(text: str) -> None:
    assert extract_answer(text, PLACES).letter is None


BESIDE_ANOTHER = [
    "The answer is B. I would also accept D.",
    "Both a and b are correct.",
    "Answer: B\nExplanation: the correct option is C.",
    "Answer: B (C is right)",
    "The answer is B as well as D.",
    "The answer is (B) and also D.",
    "The answer is B, along with D.",
    "The answer is B. Also D.",
    "The answer is B. Or D.",
    "The answer is B. Another correct answer is D.",
    "The answer is B. bank and D. mall.",
    "| A | \u2705 |\n| B | \u274c |\n| C | \u2705 |",
    "A is correct, as is C.",
    "A is correct. So is C.",
    "A is correct. B is correct.",
    "A is correct; C is correct.",
    "B, but C also works.",
    "B. C would work too.",
    "The answer is A (or C).",
    "The answer is A... or maybe B.",
    "The answer is A, though C is equally correct.",
    "The answer is B with C.",
    "The answer is B. Alternatively, C.",
    "The answer is B. C is equally valid.",
    "The answer is either A or, less likely, C.",
    "Answer: A\nB",
]
OF_SEVERAL_CASES = [
    "If the door is glass, the answer is B. If it is wood, the answer is A.",
    "For question 1, the answer is B. For question 2, the answer is A.",
    "When it is for money, B is correct. When it is for books, the answer is A.",
]
ANOTHERS_TEXT = [
    "The answer is library, which is option B.",
    "Library is the correct answer: B",
    "The correct answer is library.\n\nB",
    "Library. Answer: B",
    "The correct answer is library. So B.",
    "The answer is B, i.e., library",
    "Answer: B\n\nThe library is the best place.",
]


@pytest.mark.parametrize("text", [*BESIDE_ANOTHER, *OF_SEVERAL_CASES, *ANOTHERS_TEXT])
def test_a_letter_beside_another_is_ambiguous(text: str) -> None:
    assert extract_answer(text, PLACES) == Extraction(None, "ambiguous")


COMMITTED = {
    # a denying line is none where its sentence has ended, or where it leaves or concludes
    "a denial that has ended": "The library is not guarded.\n\nB",
    "a restated question with a negation": "He did not want to lose his money, so where did he go?\nB. bank",
    "eliminations that leave one": "I eliminate A, C and D, so:\nB",
    "a question repeated": "What is the answer?\nB",
    "a heading": "Here is the answer\n\nB",
    "not certain": "Not certain, only a guess:\nB",
    "not sure": "I'm not sure, but if I must choose:\nB",
    "incorrect options, then the answer": "Incorrect options:\nA. library\nD. mall\nAnswer: B",
    # what follows takes something else back
    "others are incorrect": "Answer: B\n\nA) library: This is incorrect.",
    "an opinion is wrong": "The answer is B. Some would say A, but that is wrong.",
    "another, which is wrong": "The answer is B, not A, which is wrong.",
    "wrong to": "The answer is B. It is wrong to choose a library here.",
    "wrong if": "The answer is B. B is wrong if the door is open.",
    "doubt about another": "B. I doubt that a library has such doors.",
    "modesty": "B. I may be wrong, but money is guarded there.",
    # the same words in the teacher's own voice
    "no doubt": "There is no doubt that the answer is B.",
    "without a doubt": "Without a doubt, the answer is B.",
    "I would say": "I would say the answer is B.",
    "99.9% sure": "I am 99.9% sure the answer is B.",
    "I still think": "I still think the answer is B.",
    "I therefore believe": "I therefore believe it's B.",
    "the clues say": "The clues say the answer is B.",
    "I think that": "I really think that the answer is B.",
    "common sense": "Common sense says the answer is B.",
    "which means": "Money is guarded, which means the answer is B.",
    "people say, so": "People say that money is safe there, so the answer is B.",
    "according to the question": "According to the question, the door is a security measure, so the answer is B.",
    "a person's best choice": "James's best choice is B.",
    "your answer, echoed": "Your answer: B",
    "your answer beside the correct one": "Correct answer: B\nYour answer: A",
    "first thought, then": "At first I thought of a library, but the answer is B.",
    "on second thought": "The answer is A. On second thought, the answer is B.",
    "the format asked for": "Here is my answer in the requested format:\nAnswer: B",
    "let me explain why": "Let me explain why B is the correct answer.",
    "unless mistaken": "Unless I am mistaken, the answer is B.",
    "one case": "If someone wants security, the answer is B.",
    "cases, then a conclusion": "If it were wood, the answer is A. If it is glass, B is correct. So the answer is B.",
    "another, then the answer": "Most students pick C, but the right answer is B.",
    "a thought, then the answer": "One might think the answer is C, but it is actually B.",
    "safe to say": "It's safe to say that the answer is B.",
    "not hard to see": "It is not hard to see that the answer is B.",
    "a transcript": "Human: Which one?\n\nAssistant: B",
    "a case after the answer": "The correct answer is B, but if you meant the largest place, the answer is D.",
    # another's verdict, or a sentence about the option, follows the letter
    "others discussed after": "B. bank\n\nExplanation: Option A (library) does not need it. Option D (mall) is open.",
    "others discussed in lines": "B. bank\n\nD. mall is too open; A. library isn't guarded; E. countryside has none.",
    "its own text as a subject": "B. Bank is where money is kept. It is guarded.",
    "another tempts": "(B) bank. Though (D) mall is tempting, its doors are open.",
    "another's text with its letter": "B. Library (A) is quiet, mall (D) is open.",
    "a sentence that denies something": "B. A library does not guard money.",
    "the answer of the person asked about": "The user's choice is a place: B is the best choice.",
    "after a semicolon": "My friend says otherwise; so B.",
    "not equally good": "The answer is B. I don't think D is equally good.",
    # a second letter is conceded, or is only possible
    "conceded": "While D would also work, B is the best choice.",
    "conceded after": "The answer is B. While D would also work, money is guarded in banks.",
    "only possible": "The answer is B. D could also work for crowds.",
    "both texts the same": "Bank. So the answer is B.",
    "a guess": "If I had to guess: B",
    "ticks of two kinds": "\u2705 B\n\u274c A",
    "ticks in a list": "- A: \u274c\n- B: \u2705\n- C: \u274c",
    "text, then a sentence": "Bank. People keep money there.",
    "text, because": "Bank, because people keep money there.",
    "text, not another": "Bank, not library.",
}


@pytest.mark.parametrize("text", COMMITTED.values(), ids=COMMITTED.keys())
def test_the_same_words_around_a_commitment_keep_no_distance(text: str) -> None:
    assert extract_answer(text, PLACES) == Extraction("B", "read")


NEXT_QUESTIONS = {
    "with options": "B\n\nWhat is the largest organ?\nA. skin\nB. liver\nAnswer: A",
    "numbered": "B\n\n2. What is the largest organ?\n(A) skin\n(B) liver\nAnswer: A",
    "called another example": "The answer is B.\n\nHere is another example:\nWhat is the largest organ?\nAnswer: A",
    "without options": "The answer is B.\n\nWhich organ is the largest?\nThe answer is A.",
    "after a heading": "B\n\n---\n\nQ2. What is the largest organ?\nA. skin\nB. liver\n\nAns: A",
    "of a kind that no word tells": "B\n\nName the largest organ in it:\nA. skin\nB. liver\nAnswer: A",
    "with this question's options": "B\n\nWhich lends books?\nA. library\nB. bank\nAnswer: A",
    "let's try another": "B\n\nLet's try another one!\nThe answer is A.",
    "follow-up": "The answer is B.\n\nFollow-up exercises\nAnswer: A",
    "in the same line": "B. Question: What is the largest organ? A. skin B. liver Answer: A",
    "of several": "B\n\nThe following are multiple choice questions.\n\nWhat is it?\nA. skin\nB. liver\nAnswer: A",
}


@pytest.mark.parametrize("text", NEXT_QUESTIONS.values(), ids=NEXT_QUESTIONS.keys())
def test_what_a_model_answers_to_a_question_of_its_own_is_not_read(text: str) -> None:
    assert extract_answer(text, PLACES) == Extraction("B", "read")


STILL_THIS_QUESTION = [
    "The answer is A.\nIs that really the right answer?\nNo, it's B.",
    "The answer is A.\nWhich place is it then, if not that one?\nActually, the answer is B.",
    "The answer is A.\nWhat about money and its keeping?\nThe answer is B.",
    "A\nLet me check each of the options:\nB. bank is right.\nSo the answer is B.",
    "I think A.\nBut wait:\nB. bank is better.\nFinal answer: B",
    "The answer is A.\nWhich place keeps money safe?\nActually, the answer is B.",
    "What is it?\nA. library\nB. bank\n\nWhich is guarded most of all places?\nThe answer is B.",
]


@pytest.mark.parametrize("text", STILL_THIS_QUESTION)
def test_a_model_that_asks_itself_about_its_answer_may_change_it(text: str) -> None:
    assert extract_answer(text, PLACES) == Extraction("B", "read")


def test_an_option_that_is_talked_of_is_no_question() -> None:
    text = "I think B.\nFar more fitting:\nA. library is better.\nFinal answer: A"
    assert extract_answer(text, PLACES) == Extraction("A", "read")


CAPITALS = ["Sydney", "Melbourne", "Canberra", "Perth"]
NUMBERS = ["12", "15", "18", "21"]
IMPLIED = [
    ("The capital of Australia is (C) Canberra.", CAPITALS, "C"),
    ("The capital of Australia is Canberra.", CAPITALS, "C"),
    ("The capital of Australia is C.", CAPITALS, "C"),
    ("The capital of Australia is Canberra, not Sydney.", CAPITALS, "C"),
    ("The capital of Australia is not Sydney.", CAPITALS, None),
    ("The capital may be Canberra.", CAPITALS, None),
    ("The town is large. The capital of the state is Sydney.", CAPITALS, None),
    ("I thought of Canberra.", CAPITALS, None),
    ("I used to live in Canberra, I thought, at Perth.", CAPITALS, None),
    ("There is no evidence for Canberra.", CAPITALS, None),
    ("Initially the capital was Canberra.", CAPITALS, None),
    ("Had it been larger, the capital would be Sydney.", CAPITALS, None),
    ("The worst option is Canberra.", CAPITALS, None),
    ("The capital is Canberra as the worst.", CAPITALS, None),
    (f"{'The seat of government, which moved, ' * 8}is Canberra.", CAPITALS, None),
    ("Some say that the capital is Sydney.", CAPITALS, None),
    ("He lives in Sydney. The capital is far.", CAPITALS, None),
    ("A. Sydney: Incorrect.\nB. Melbourne: Incorrect.\nC. Canberra: Correct.\nD. Perth: Incorrect.", CAPITALS, "C"),
    ("A. Sydney: Correct.\nB. Melbourne: Incorrect.\nC. Canberra: Correct.", CAPITALS, None),
    ("A. Sydney: Correct.\nA. Sydney: Incorrect.\nB. Melbourne: Incorrect.", CAPITALS, None),
    ("x = 18", NUMBERS, "C"),
    ("x != 12", NUMBERS, None),
    ("Let x = 12.", NUMBERS, None),
    ("He said x = 12", NUMBERS, None),
    ("It is not true that x = 15.", NUMBERS, None),
    ("Is it true that 6 + 6 = 12", NUMBERS, None),
    ("15 + 3 = 18.", NUMBERS, "C"),
    ("There are 18 apples.", NUMBERS, "C"),
    ("There are 18 or more.", NUMBERS, None),
    ("The answer is 15/3.", NUMBERS, None),
    ("The answer is $18$.", NUMBERS, "C"),
]


@pytest.mark.parametrize(("text", "texts", "letter"), IMPLIED)
def test_what_one_sentence_implies(text: str, texts: list[str], letter: str | None) -> None:
    assert extract_answer(text, letter_choices(texts)).letter == letter


UNKNOWN = ["the grandfather", "the grandson", "Cannot be determined"]
NONE = ["Paris", "Rome", "Berlin", "none of the above"]
TRUTH = ["True", "False"]
VERDICTS = ["Not enough information", "Maria", "James"]
YES_NO = ["yes", "no"]
VITAMINS = ["vitamin A", "vitamin C", "vitamin D", "vitamin E"]
OPTIONS_LIKE_REFUSALS = [
    ("It cannot be determined.", UNKNOWN, "C"),
    ("It can't be determined from the context.", UNKNOWN, "C"),
    ("There is not enough information, so it cannot be determined.", UNKNOWN, "C"),
    ("There is not enough information to tell.", ["he", "she", "Not enough info"], "C"),
    ("I cannot answer that question.", ["he", "she", "Cannot answer"], None),
    ("The grandfather. It cannot be determined whether he was old.", UNKNOWN, None),
    ("I cannot help with that.", NONE, None),
    ("None of the options is right, so none of the above.", NONE, "D"),
    ("Paris. None of the above alternatives fit.", NONE, "A"),
    ("A. Not enough information. Neither Maria nor James is named.", VERDICTS, "A"),
    ("There isn't enough information.", VERDICTS, "A"),
    ("There is not enough information to tell who it was. A.", VERDICTS, "A"),
    ("It is not true that it cannot be determined.", UNKNOWN, None),
    ("No, I can't answer that.", YES_NO, None),
    ("Yes, I'd be happy to help!", YES_NO, None),
    ("The statement is false.", TRUTH, "B"),
    ("This claim is true.", TRUTH, "A"),
    ("Yes, that is right.", YES_NO, "A"),
    ("No, cats do not fly.", YES_NO, "B"),
    ("No, the answer is A.", YES_NO, "A"),
    ("Vitamin D, not vitamin C.", VITAMINS, "C"),
    ("The answer is C, vitamin D.", VITAMINS, "C"),
]


@pytest.mark.parametrize(("text", "texts", "letter"), OPTIONS_LIKE_REFUSALS)
def test_options_that_read_like_refusals_or_interjections(text: str, texts: list[str], letter: str | None) -> None:
    assert extract_answer(text, letter_choices(texts)).letter == letter


DIGITS = [Choice(label=label, text=choice.text) for label, choice in zip("12345", PLACES, strict=True)]
CYRILLIC = [
    Choice(label=label, text=choice.text)
    for label, choice in zip("\u0410\u0411\u0412\u0413\u0414", PLACES, strict=True)
]
ANY_LABELS = [
    ("Wrong options:\nX1. library\nX4. shop\nX3", None),
    ("The answer is X2. No, X4.", "X4"),
    ("Both X1 and X2 are correct", None),
    ("The answer is X2 as well as X4.", None),
    ("The answer is X1... or maybe X2.", None),
    ("The answer is X2. Alternatively, X3.", None),
    ("X2. X3 would work too.", None),
    ("We need to find which of X1, X2, X3 or X4 is correct. First,", None),
    ("X2, not X1", "X2"),
    ("X2\n\nName the largest organ in it:\nX1. skin\nX2. liver\nAnswer: X1", "X2"),
]


@pytest.mark.parametrize("choices", [PLACES, DIGITS, CYRILLIC], ids=["latin", "digits", "cyrillic"])
@pytest.mark.parametrize(("text", "letter"), ANY_LABELS)
def test_labels_of_any_kind_keep_the_same_distance(text: str, letter: str | None, choices: list[Choice]) -> None:
    for place, choice in enumerate(choices, 1):
        text = text.replace(f"X{place}", choice.label)
        letter = choice.label if letter == f"X{place}" else letter
    assert extract_answer(text, choices).letter == letter
