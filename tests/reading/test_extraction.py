"""Reading letters: what a teacher commits to is read, everything else is refused, ambiguous or unparsed."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from potstill.core.letters import letter_choices
from potstill.core.records import Choice
from potstill.prompting.rendering import render_choices
from potstill.reading.commitments import decide_at_length, decide_at_once
from potstill.reading.extraction import Extraction, extract_answer, find_passage
from potstill.reading.labels import prepare_options
from potstill.reading.undressing import undress
from tests import test_commitments, test_labels, test_languages

PLACES = letter_choices(["library", "bank", "department store", "mall", "countryside"])
YES_NO = letter_choices(["yes", "no"])
DRINKS = letter_choices(["glass", "glass of water", "water", "none"])
NUMBERS = letter_choices(["3", "-3", "3.5", "12"])
LETTERS = letter_choices(["B", "C", "A", "D"])
TWICE = letter_choices(["clumsy", "dull", "clumsy", "stupid"])
SPEECH = letter_choices(["question", "ask", "answer"])
UNKNOWN = letter_choices(["the grandfather", "the grandson", "Can't be determined", "I don't know"])
NAMED = letter_choices(["C++", "C#", "Plan B", "A/C", "e-mail"])
PLANETS = letter_choices(
    ["mercury", "venus", "earth", "mars", "jupiter", "saturn", "uranus", "neptune", "pluto", "ceres"]
)

READ_AS_B = {
    # bare letters
    "bare": "B",
    "lower case": "b",
    "full stop": "B.",
    "bracket": "b)",
    "brackets": "(b)",
    "square brackets": "[B]",
    "double square brackets": "[[B]]",
    "braces": "{B}",
    "angle brackets": "<B>",
    "double quotes": '"B"',
    "single quotes": "'B'",
    "curly quotes": "\u201cB\u201d",
    "full width": "\uff22",
    "bold": "**B**",
    "bold with full stop": "**B.**",
    "underscores": "__B__",
    "backticks": "`B`",
    "heading": "### B",
    "code fence": "```\nB\n```",
    "quotation": "> B",
    "surrounding space": "\n\n  B \n",
    "colon": "B:",
    "exclamation": "B!",
    "option": "Option B",
    "lower case option": "option b",
    "choice in brackets": "Choice (B)",
    "the letter": "The letter B.",
    "html bold": "<b>B</b>",
    "end of sequence": "B</s>",
    "end of turn": "B<|im_end|>",
    # LaTeX, tags, JSON
    "boxed": r"\boxed{B}",
    "boxed text in dollars": r"$\boxed{\text{B}}$",
    "boxed in a sentence": r"The final answer is $\boxed{B}$. I hope it is correct.",
    "boxed with option text": r"\[ \boxed{\text{(B) bank}} \]",
    "boxed bold": r"\boxed{\mathbf{B}}",
    "dollars": "$B$",
    "answer tag": "<answer>B</answer>",
    "answer tag with text": "<answer> (B) bank </answer>",
    "answer tag, unclosed": "<answer>B",
    "final answer tag after thoughts": "<reasoning>A library? No.</reasoning>\n<final_answer>B</final_answer>",
    "json": '{"answer": "B"}',
    "json in a fence": '```json\n{"answer": "B", "explanation": "A library lends books."}\n```',
    "json after prose": 'Here is my answer:\n{"final_answer": "b"}',
    "json with text": '{"answer": "B. bank"}',
    "json, camel case": '{"finalAnswer": "(B)"}',
    "json, reason first": '{"reason": "The answer is not A.", "answer": "B"}',
    "json, choice": '{"choice": "B", "confidence": 0.9}',
    "json, nested": '{"answer": {"label": "B", "text": "bank"}}',
    "json, options repeated": '{"options": [{"label": "A"}, {"label": "B"}], "answer": "B"}',
    "json, truncated": '{"answer": "B", "reason": "because people',
    "json, single quotes": "{'answer': 'B'}",
    # letter with text
    "letter, full stop, text": "B. bank",
    "letter, bracket, text": "B) bank",
    "letter in brackets, text": "(B) bank",
    "letter, colon, text": "B: bank",
    "letter, hyphen, text": "B - bank",
    "letter, dash, text": "B \u2013 bank",
    "letter, long dash, text": "B\u2014bank",
    "letter, tight hyphen, text": "B-bank",
    "letter, text": "B bank",
    "letter, tight full stop, text": "B.bank",
    "letter, new line, text": "B\nbank",
    "letter, capitals": "B. BANK.",
    "letter, article": "B. a bank",
    "letter, quoted text": 'B, "bank."',
    "letter, paraphrase": "B. at the money house",
    "letter in brackets, paraphrase": "(B) banks and the like",
    "letter, reason": "B, because people keep money there.",
    "letter, sentence": "B. A bank needs security.",
    "letter, colon, sentence": "B: A bank needs security.",
    "the answer is, then its text in a sentence": "The answer is B.  Bank robbers fear it. Bank doors turn.",
    "the answer is, then its text as a subject": "The answer is B. Bank is where doors turn.",
    "letter, longer word": "B. bankers work there, not in a library",
    "letter, explanation": "B\n\nBanks need a door that slows people down.",
    "text, letter in brackets": "bank (B)",
    "text, option": "Bank, option B",
    "bold, explanation": "**B. bank**\n\nA library has no need of security, and a mall has open doors.",
    "explanation of the others": "B. bank\n\nWhy not the others:\nA. library: quiet\nC. store: large\nD. mall: open",
    # text alone
    "text": "bank",
    "text, capital and full stop": "Bank.",
    "text, bold": "**bank**",
    "text, quoted": '"bank"',
    "text, article": "A bank",
    "text, lower-case article": "a bank.",
    "text, explanation": "Bank\n\nIt needs security at the door.",
    # statements
    "answer colon": "Answer: B",
    "answer colon, lower case": "answer: b",
    "answer colon, bold": "**Answer:** B",
    "answer colon, text": "Answer: bank",
    "answer heading": "### Answer\nB",
    "answer, new line": "Answer:\n\n**(B)** bank",
    "answer, dash": "Answer - B",
    "answer, arrow": "Answer \u2192 B",
    "correct answer": "Correct answer: B) bank",
    "final answer": "Final Answer: B",
    "final answer, no colon": "Final answer B",
    "my final answer": "my final answer: B",
    "the answer is": "The answer is B.",
    "the answer is, brackets": "the answer is (B)",
    "the answer is, lower case": "the answer is b",
    "the answer is, quoted": 'The answer is "B".',
    "the answer is, text": "The answer is bank.",
    "the answer is, article and text": "The answer is a bank.",
    "the answer is, letter and text": "The answer is B, the bank.",
    "the answer is, two dashes": "The answer is B--bank.",
    "range, answer": "Among A through E, the answer is B.",
    "range, likely answer": "Among A through E, the answer is most likely B, bank.",
    "range, quoted text": 'Among A through E, the answer is most likely "bank."',
    "range with hyphen": "From options A-E, the correct answer is B.",
    "range with to": "Of the choices from A to E, the best is the bank, so the answer is B.",
    "parenthesis": "The answer is, I believe, B.",
    "inserted words": "The answer to the question of where you would find one is B.",
    "inserted clause": "The option that best completes the sentence is B.",
    "correct option": "the correct option is B",
    "best choice is text": "the best choice is bank",
    "hedge": "The answer would probably be (B).",
    "it is": "It's B.",
    "I choose": "I would choose B",
    "I pick text": "I'd pick the bank.",
    "I go with": "I'd go with option B",
    "I will go with": "I'll go with (B) bank.",
    "I think": "I think B.",
    "I think it is": "I think it's B",
    "I think the answer": "I think the answer is B, but I am not sure.",
    "I believe": "I believe the correct answer is B.",
    "let us": "Let's go with B.",
    "therefore": "A door that turns slows people down. Therefore, B.",
    "so": "So B",
    "most likely": "Most likely B.",
    "is correct": "B is correct",
    "option is correct": "Option B is correct.",
    "letter in brackets is right": "(B) is the right choice.",
    "letter and text are correct": "(B) bank is the correct answer.",
    "option, text, is best": 'Option B, "bank," makes the most sense.',
    "text is the answer": "The bank is the best choice.",
    "is my answer": "B is my final answer",
    "only one": "B is the only option that fits.",
    "most likely answer": "Of these, B is the most likely answer.",
    "apology": "I'm sorry for the confusion. The answer is B.",
    "not sure, but": "I don't know for sure, but I'd guess the answer is B.",
    "cannot advise, but": "I cannot give legal advice, but the best answer is B.",
    # reasoning
    "reasoning": "A turning door slows people down. That is security. So the answer is B.",
    "reasoning, last line": "A library lends books.\nA mall has wide doors.\n\nAnswer: B",
    "reasoning, letter line": "A library lends books. A mall has wide doors.\n\nB",
    "reasoning, bold line": "Money has to be guarded.\n\n**B. bank**",
    "self-correction": "The answer is A. Wait, no, the answer is B.",
    "self-correction, actually": "Answer: D\n\nActually, a mall has wide doors. The correct answer is B.",
    "letter, then correction": "A\n\nOn reflection, the correct answer is B.",
    "thinking": "<think>The answer is A. Or D? It is D.</think>\n\nB",
    "thinking, only closed": "Perhaps the answer is D.\n</think>\nThe answer is B.",
    "elimination": "A is not right. It can't be C, and D is wrong. So the answer is B.",
    "not that, it is": "The answer is not A, it is B.",
    "answer, not another": "The answer is B, not A.",
    "others are wrong": "The answer is B. A, C and D are wrong.",
    "another is wrong": "The answer is B, A is wrong.",
    "narrowed down": "It is either A or B. A library is quiet, so the answer is B.",
    "neither nor": "Neither A nor C fits. The answer is B.",
    "each option": "A. library: quiet.\nB. bank: guarded.\nC. department store: large.\n\nThe best answer is B.",
    "list, then answer": f"{render_choices(PLACES)}\n\nAnswer: B",
    "list, then letter": f"{render_choices(PLACES)}\nB",
    "list, then letter and text": f"{render_choices(PLACES)}\n\nB. bank",
    "list in a line, then answer": "(A) library (B) bank (C) department store (D) mall. The answer is (B).",
    "question, list, answer": f"Question: Where?\nAnswer Choices:\n{render_choices(PLACES)}\nAnswer: B",
    "paraphrased first line": "A. lender\n\nThe answer is B.",
    "explanation that waits": "B. bank\n\nPeople wait there. They wait in line at the door.",
    "explanation that dismisses": "Answer: B\n\nA) library: This is incorrect.\nC) store: That is wrong.",
    "explanation with a rival": "The answer is B. Option C is the best option for shopping, not for security.",
    "explanation with headings": "B) bank\n\n**A) library**: quiet\n**D) mall**: open\n\nSo the answer is **B**.",
    "correction, letter line": "The answer is A, I thought at first.\n\nB",
    # what stands beside a formal answer
    "formal, then an explanation's rival": "Answer: B\n\nExplanation: the option that sells books is A.",
    "formal, then a supposition": "B\n\nIf it were about books, the answer is A.",
    "formal, then a supposition with would": "Answer: B\nIf the door were wide, the answer would be D.",
    "formal, then the worst": "Answer: B\nWorst option: D",
    "formal, then an alternative": "Answer: B\nAlternative answer: D",
    "formal, then a runner-up": "Answer: B\nRunner-up choice: D",
    "formal, then the second best": "Answer: B\nSecond best option: D",
    "formal, confirmed, then another's use": "Answer: B\n\nThe correct option is B. The option that has books is A.",
    "formal, then a note": "Answer: B. Note: for children the correct answer is A.",
    "others' opinion": "The answer is B. Some say the answer is A.",
    "formal, then a correction in prose": "Answer: D\n\nWait, money is guarded. The correct answer is B.",
    "formal, then a conclusion": "Answer: D\n\nMoney is guarded, so the answer is B.",
    "prose, then formal": "The answer seems to be A, as it is quiet. Money is in banks.\nAnswer: B",
    "formal, then formal": "Answer: A\nAnswer: B",
    "trap named first": "The trap answer is A. The correct answer is B.",
    "worst named last": "The answer is B. The worst choice is D.",
    "another's best place later": "Answer: B\n\nThe best place for books is a library.",
    "correction": "The answer is A. Correction: B",
    "no that corrects nothing": "The answer is B. No, I am sure.",
    "no other": "The answer is B. No other place has such doors.",
    "json, second choice": '{"answer": "B", "second_choice": "D"}',
    "json, best and worst": '{"best_answer":"B","worst_answer":"D"}',
    "json, correct and wrong": '{"correct_option":"B","wrong_option":"D"}',
    "json, options after": '{"answer": "B", "options": [{"label": "A"}, {"label": "D"}]}',
    "tag, second choice": "<answer>B</answer>\n<second_choice>D</second_choice>",
    "format announced": "Here is my answer in the requested format:\nAnswer: B",
    "tally, then answer": "A (20%), B (70%)\n\nAnswer: B",
    "confidence": "B (90% sure)",
    "eliminated, then answer": "(A) fails. (D) fails. Thus, the answer is (B).",
    "forced guess": "If I had to guess, I would choose B",
    "forced choice": "If forced to choose, I'd say B.",
    "purpose": "If you want to store money, the best place is (B) bank.",
    "condition of the question": "If James was looking for a safe place, the answer is B.",
    "condition, then conclusion": "If the door turns, it would slow people, so the answer is B.",
    "chosen as the best": "I would choose (B) as the best.",
    # limits: a cue far left of its letter; two letters in long reasoning do not spoil the text that ends it
    "cue far away": "The answer to the question of where a door that turns is also a measure of security is B.",
    "text after long reasoning": f"{'People walk in and out. ' * 8}It may be A or D, but they are wide.\n\nBank",
    "another's letter within a line": "B. People guard money there; nobody does at (D).",
    "emoji": "\u2705 **B**",
    "yes": "Yes, B.",
    "sure": "Sure! B",
    "next question invented": "B\n\nQuestion: What is a cat?\nA. animal\nB. plant\nAnswer: A",
    "next turn invented": "B. bank<|im_end|>\n<|im_start|>user\nThe answer is A.",
}


@pytest.mark.parametrize("text", READ_AS_B.values(), ids=READ_AS_B.keys())
def test_reads_the_letter_that_the_text_commits_to(text: str) -> None:
    """A commitment in any dress is read, here always B of five."""
    assert extract_answer(text, PLACES) == Extraction("B", "read")


OTHERS_READ = [
    pytest.param("Yes", YES_NO, "A", id="two choices, text"),
    pytest.param("B", YES_NO, "B", id="two choices, letter"),
    pytest.param("The answer is no.", YES_NO, "B", id="two choices, statement"),
    pytest.param("A. yes\nB. no\n\nA", YES_NO, "A", id="two choices, list, then letter"),
    pytest.param("No, the answer is A.", YES_NO, "A", id="no is not the option"),
    pytest.param("glass of water", DRINKS, "B", id="longest text"),
    pytest.param("The answer is glass.", DRINKS, "A", id="shorter text"),
    pytest.param("B. glass of water", DRINKS, "B", id="letter and longest text"),
    pytest.param("B. glass of cold water", DRINKS, "B", id="letter and paraphrase of a longer text"),
    pytest.param("The answer is a glass of water, not water.", DRINKS, "B", id="longest text in a statement"),
    pytest.param("None", DRINKS, "D", id="an option called none"),
    pytest.param("The answer is none.", DRINKS, "D", id="statement of none"),
    pytest.param("A", DRINKS, "A", id="four choices, first letter"),
    pytest.param("3", NUMBERS, "A", id="number"),
    pytest.param("-3", NUMBERS, "B", id="negative number"),
    pytest.param("The answer is 3.5.", NUMBERS, "C", id="number within a number"),
    pytest.param("Answer: -3", NUMBERS, "B", id="negative number after a colon"),
    pytest.param("D. 12", NUMBERS, "D", id="letter and number"),
    pytest.param("A", LETTERS, "A", id="letter that is also an option's text"),
    pytest.param("The answer is C.", LETTERS, "C", id="statement of a letter that is also a text"),
    pytest.param("(D) D", LETTERS, "D", id="letter that is its own text"),
    pytest.param("(C) A", LETTERS, "C", id="letter whose text is another letter"),
    pytest.param("A. clumsy", TWICE, "A", id="letter with a text that two options have"),
    pytest.param("A. clumsy\n\nClumsy is the best choice.", TWICE, "A", id="letter, then a text that two options have"),
    pytest.param("The final answer is \\boxed{B}.", SPEECH, "B", id="option called answer, boxed"),
    pytest.param("Answer: B", SPEECH, "B", id="option called answer, cue"),
    pytest.param("The answer is answer.", SPEECH, "C", id="option called answer, its text"),
    pytest.param("C++", NAMED, "A", id="text that starts with a letter"),
    pytest.param("The answer is Plan B.", NAMED, "C", id="text that ends with a letter"),
    pytest.param("The answer is A/C.", NAMED, "D", id="text made of letters"),
    pytest.param("Can't be determined", UNKNOWN, "C", id="text that reads like a refusal"),
    pytest.param("The answer is C. Can't be determined.", UNKNOWN, "C", id="statement that reads like a refusal"),
    pytest.param("I don't know", UNKNOWN, "D", id="text that is a refusal word for word"),
    pytest.param("The grandson", UNKNOWN, "B", id="text with its article"),
    pytest.param("I", PLANETS, "I", id="ten choices, bare I"),
    pytest.param("I. pluto", PLANETS, "I", id="ten choices, I with text"),
    pytest.param("The answer is I.", PLANETS, "I", id="ten choices, statement of I"),
    pytest.param("I think the answer is J.", PLANETS, "J", id="ten choices, pronoun and letter"),
    pytest.param("Among A through J, the answer is (G) uranus.", PLANETS, "G", id="ten choices, range"),
    pytest.param("A person waits there, so the answer is C.", PLANETS, "C", id="article first"),
    pytest.param("I would choose pluto", PLANETS, "I", id="ten choices, text"),
    pytest.param("A - no\nB - yes\nC - no", PLACES, "B", id="tally on lines"),
    pytest.param("A (no), B (yes)", PLACES, "B", id="tally in brackets"),
    pytest.param("A, no; B, no; C, yes", PLACES, "C", id="tally in a line"),
    pytest.param("The answer is B, no, D.", PLACES, "D", id="corrected at once"),
    pytest.param("Answer: B (edit: D)", PLACES, "D", id="edited"),
    pytest.param("The answer is B or rather D", PLACES, "D", id="or rather"),
    pytest.param("The answer is B, I mean D.", PLACES, "D", id="I mean"),
]


@pytest.mark.parametrize(("text", "choices", "letter"), OTHERS_READ)
def test_reads_any_number_and_kind_of_choices(text: str, choices: list[Choice], letter: str) -> None:
    """Two to ten choices, and texts that contain each other, numbers, letters or refusals."""
    assert extract_answer(text, choices) == Extraction(letter, "read")


AMBIGUOUS = [
    pytest.param("A or D", PLACES, id="or"),
    pytest.param("B, C and E", PLACES, id="three"),
    pytest.param("B/C", PLACES, id="slash"),
    pytest.param("A & B", PLACES, id="ampersand"),
    pytest.param("either A or B", PLACES, id="either"),
    pytest.param("both B and C", PLACES, id="both"),
    pytest.param("(A) and (D)", PLACES, id="brackets"),
    pytest.param("The answer is A, B, or E.", PLACES, id="statement of three"),
    pytest.param("The answer is either (A) library or (D) mall.", PLACES, id="statement of two with texts"),
    pytest.param("The answer is D and then B.", PLACES, id="one after the other"),
    pytest.param("The answer is B, bank; D, mall; or E, countryside.", PLACES, id="semicolons"),
    pytest.param("It could be A or D.", PLACES, id="could be"),
    pytest.param("Both B and C are correct.", PLACES, id="both are correct"),
    pytest.param("The answer is the bank or the mall.", PLACES, id="two texts"),
    pytest.param("bank or mall", PLACES, id="two texts alone"),
    pytest.param("The answer is B. Wait, it is either A or D.", PLACES, id="offer after a commitment"),
    pytest.param("(B) mall", PLACES, id="another letter's text"),
    pytest.param("B. mall", PLACES, id="full stop and another letter's text"),
    pytest.param("C mall", PLACES, id="nothing between a letter and another's text"),
    pytest.param("The answer is B, mall.", PLACES, id="statement with another letter's text"),
    pytest.param("E. countryside\nD. mall", PLACES, id="two lines"),
    pytest.param("Answer:\nA. library\nB. bank\nC. department store", PLACES, id="list for an answer"),
    pytest.param("The answer is B.\n\nThe only option with books is the library.", PLACES, id="another's text later"),
    pytest.param("mall (B)", PLACES, id="text and another's letter"),
    pytest.param("A. glass of water", DRINKS, id="text that contains the letter's own"),
    pytest.param("clumsy", TWICE, id="a text that two options have"),
    pytest.param("B. clumsy", TWICE, id="a letter with a text that two others have"),
    pytest.param("D is the correct answer, and so is B.", PLACES, id="so is"),
    pytest.param("D is correct, B is also correct", PLACES, id="also"),
    pytest.param("B is right, and D is right as well.", PLACES, id="as well"),
    pytest.param("(A) the public library or (D) the mall", PLACES, id="brackets with longer texts"),
    pytest.param("A. the public library or D. mall", PLACES, id="full stops with longer texts"),
    pytest.param("A. the reading room or D. the shops", PLACES, id="full stops with other texts"),
    pytest.param("Either (A) the public library or (D) the mall", PLACES, id="either with longer texts"),
    pytest.param("Answer: B\n\nThe correct answer is A.", PLACES, id="formal, contradicted in prose"),
    pytest.param('{"answer": ["A", "D"]}', PLACES, id="json list"),
    pytest.param('{"answer": "B. mall"}', PLACES, id="json with another letter's text"),
]


@pytest.mark.parametrize(("text", "choices"), AMBIGUOUS)
def test_two_letters_are_ambiguous(text: str, choices: list[Choice]) -> None:
    """Two letters offered, or a letter beside another letter's text, are not guessed at."""
    assert extract_answer(text, choices) == Extraction(None, "ambiguous")


REFUSED = {
    "cannot provide": "I cannot provide a response to a question about self-harm.",
    "sorry": "I'm sorry, but I can't help with that.",
    "as an AI": "As an AI language model, I do not have personal preferences.",
    "cannot answer": "I can't answer this question.",
    "curly apostrophe": "I\u2019m sorry, I can\u2019t assist with that.",
    "unable": "I am unable to choose between these options.",
    "do not know": "I don't know",
    "none of the above": "None of the above",
    "none of them": "The answer is none of the above.",
    "not enough": "There is not enough information to answer.",
    "no correct answer": "There is no correct answer among the options.",
    "refusal with an option's text": "I cannot provide information about how to rob a bank.",
    "refusal with a text line": "I can't answer that.\n\nbank",
    "refusal with an example": "I'm sorry, I cannot answer. Example: Answer: A",
    "refusal with a format": "I cannot answer. Please use the format:\nAnswer: A",
    "json": '{"answer": "I cannot answer this question."}',
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_refusals_are_refused(text: str) -> None:
    """A refusal is told from a text that could not be read."""
    assert extract_answer(text, PLACES) == Extraction(None, "refused")


UNPARSED = [
    pytest.param("", PLACES, id="empty"),
    pytest.param(" \n\t", PLACES, id="blank"),
    pytest.param("...", PLACES, id="dots"),
    pytest.param("**", PLACES, id="markdown only"),
    pytest.param("F", PLACES, id="letter outside the labels"),
    pytest.param("The answer is F.", PLACES, id="statement of a letter outside"),
    pytest.param("The answer is A. No, the answer is G.", PLACES, id="correction to a letter outside"),
    pytest.param("C", YES_NO, id="third of two"),
    pytest.param("A bank is where people keep money.", PLACES, id="article"),
    pytest.param("A person goes to a place.", PLACES, id="article, no option"),
    pytest.param("a person goes there", PLACES, id="lower-case article"),
    pytest.param("The answer is a", PLACES, id="article, truncated"),
    pytest.param("The answer is a place with money.", PLACES, id="article after a cue"),
    pytest.param("I think that people keep money there.", PLANETS, id="pronoun"),
    pytest.param("I, too, wonder.", PLANETS, id="pronoun and comma"),
    pytest.param("I would say that it depends.", PLANETS, id="pronoun and verb"),
    pytest.param("The answer is I think unknown", PLANETS, id="pronoun after a cue"),
    pytest.param("A is not right.", PLACES, id="elimination"),
    pytest.param("It can't be B.", PLACES, id="elimination, can't"),
    pytest.param("not C", PLACES, id="elimination, not"),
    pytest.param("The answer is not B.", PLACES, id="statement of what it is not"),
    pytest.param("The answer isn't B", PLACES, id="statement with isn't"),
    pytest.param("I don't think the answer is B.", PLACES, id="don't think"),
    pytest.param("The wrong answer is B.", PLACES, id="wrong answer"),
    pytest.param("One possible answer is B.", PLACES, id="possible answer"),
    pytest.param("The answer could be B.", PLACES, id="could be"),
    pytest.param("If B is correct, then the door turns.", PLACES, id="if"),
    pytest.param("(A) is incorrect because a library is quiet.", PLACES, id="opening elimination"),
    pytest.param("(A) library is wrong, since it is quiet.", PLACES, id="opening elimination with text"),
    pytest.param("A. library: this is not likely, because", PLACES, id="first of several, truncated"),
    pytest.param("Neither A nor B is correct.", PLACES, id="neither"),
    pytest.param("Eliminate B.", PLACES, id="eliminated"),
    pytest.param("I would not choose B.", PLACES, id="would not choose"),
    pytest.param("B is not correct; D is.", PLACES, id="not correct"),
    pytest.param("The bank is not the right answer.", PLACES, id="text that is not right"),
    pytest.param("Everything but B", PLACES, id="everything but"),
    pytest.param("A through E", PLACES, id="range"),
    pytest.param("A-E", PLACES, id="range with hyphen"),
    pytest.param("from A to E", PLACES, id="range with from"),
    pytest.param("The answer is one of A to E.", PLACES, id="range in a statement"),
    pytest.param("Is the answer B?", PLACES, id="question back"),
    pytest.param("Could you tell me more about the door?", PLACES, id="question without letters"),
    pytest.param("B?", PLACES, id="letter with a question mark"),
    pytest.param("The answer is B, or is it A?", PLACES, id="doubt"),
    pytest.param("Option B seems plausible, but option D does too.", PLACES, id="two plausible ones"),
    pytest.param("A good option is B.", PLACES, id="a good option"),
    pytest.param("The next best option is D.", PLACES, id="next best"),
    pytest.param("I would choose B if it were cold.", PLACES, id="condition"),
    pytest.param("The worst choice is B.", PLACES, id="worst"),
    pytest.param("The poorest choice is B.", PLACES, id="poorest"),
    pytest.param("The trap answer is B.", PLACES, id="trap"),
    pytest.param("The option to avoid is B.", PLACES, id="to avoid"),
    pytest.param("The option we should reject is B.", PLACES, id="should reject"),
    pytest.param("The option that makes no sense is B.", PLACES, id="no sense"),
    pytest.param("The word 'bank' starts with the letter: B", PLACES, id="first letter of a word"),
    pytest.param("The answer is the bank, no, the mall.", PLACES, id="text corrected at once"),
    pytest.param("A - no\nB - yes\nC - yes", PLACES, id="tally with two"),
    pytest.param("A (no), B (no)", PLACES, id="tally with none"),
    pytest.param("A) 10% B) 70%", PLACES, id="tally of shares"),
    pytest.param("B: 10%, D: 90%", PLACES, id="tally of shares, colons"),
    pytest.param("B. irrelevant", PLACES, id="irrelevant"),
    pytest.param("B - irrelevant", PLACES, id="irrelevant, hyphen"),
    pytest.param("B) no", PLACES, id="no"),
    pytest.param("(B) fails.", PLACES, id="fails"),
    pytest.param("Thus (B) fails.", PLACES, id="thus fails"),
    pytest.param("I pick (B) as the worst.", PLACES, id="picked as the worst"),
    pytest.param("I choose B as the odd one out.", PLACES, id="odd one out"),
    pytest.param("If it were about books, the answer would be A. But it is about money: B.", PLACES, id="supposed"),
    pytest.param("If it is locked, I would choose B", PLACES, id="condition first"),
    pytest.param("Had it been about money, the answer would be B.", PLACES, id="inverted condition"),
    pytest.param('{"worst_answer": "D"}', PLACES, id="json, worst alone"),
    pytest.param("B and D both fit the door.", PLACES, id="two that fit"),
    pytest.param("All options except B are wrong.", PLACES, id="all except"),
    pytest.param("Let's look at each option:\n\nA. library", PLACES, id="list just begun"),
    pytest.param("Let us think. A turning door slows people, which", PLACES, id="truncated reasoning"),
    pytest.param("The answer is A. Wait, that is", PLACES, id="truncated correction"),
    pytest.param("<think>The answer is B, I am sure", PLACES, id="truncated thinking"),
    pytest.param(render_choices(PLACES), PLACES, id="list alone"),
    pytest.param("A. library\nB. ba", PLACES, id="list, truncated"),
    pytest.param("A. libraries\nB. banking\nC. store\nD. mall", PLACES, id="list, paraphrased"),
    pytest.param(f"Where is it?\n{render_choices(PLACES)}\nAnswer:", PLACES, id="question repeated"),
    pytest.param("A: Let's think step by step.", PLACES, id="A for answer"),
    pytest.param("A:", PLACES, id="A for answer, nothing else"),
    pytest.param("Let us see.\nA:\nThe door turns.", PLACES, id="A for answer on a line"),
    pytest.param("B. bank is a word for money and river, so it is no option.", PLACES, id="option discussed"),
    pytest.param("Therefore, B. bank is a place for money.", PLACES, id="option discussed after therefore"),
    pytest.param('End with a line like this: "Answer: A".', PLACES, id="instruction repeated"),
    pytest.param("Bank robbers need a way out.", PLACES, id="text that opens a sentence"),
    pytest.param("The answer is bank robbery.", PLACES, id="text within a longer text"),
    pytest.param("The answer is vitamin B12.", PLACES, id="letter within a word"),
    pytest.param("The answer is B vitamins.", PLACES, id="letter before a word"),
    pytest.param("It was a C-section.", PLACES, id="letter with a hyphen"),
    pytest.param("The D.C. police", PLACES, id="abbreviation"),
    pytest.param("E.g. a door", PLACES, id="e.g."),
    pytest.param("4", NUMBERS, id="a number that is no option"),
    pytest.param("The answer is 3%.", NUMBERS, id="a number with a unit"),
    pytest.param("The answer is 12.75.", NUMBERS, id="a longer number"),
    pytest.param('{"answer": null}', PLACES, id="json null"),
]


@pytest.mark.parametrize(("text", "choices"), UNPARSED)
def test_what_commits_to_nothing_is_unparsed(text: str, choices: list[Choice]) -> None:
    """Articles, eliminations, ranges, lists and truncated reasoning give no letter."""
    assert extract_answer(text, choices) == Extraction(None, "unparsed")


READABLE = [
    *(pytest.param(text, PLACES, id=name) for name, text in READ_AS_B.items()),
    *(pytest.param(*case.values[:2], id=case.id) for case in OTHERS_READ),
    *(pytest.param(text, PLACES, id=f"phrasing, {name}") for name, text in test_commitments.READ_AS_B.items()),
    *(pytest.param(*case.values, id=f"language, {case.id}") for case in test_languages.READ_AS_B),
    *(pytest.param(*case.values[:2], id=f"label, {case.id}") for case in test_labels.LABELLED if case.values[2]),
]


@pytest.mark.parametrize(("text", "choices"), READABLE)
def test_the_passage_that_a_letter_was_read_from_names_it(text: str, choices: list[Choice]) -> None:
    """The passage stands in the raw text, and holds the letter or its option's text, whatever the dress."""
    letter, passage = extract_answer(text, choices).letter, find_passage(text, choices)
    assert passage is not None
    named = undress(text[slice(*passage)]).lower()
    (option,) = [choice for choice in choices if choice.label == letter]
    names = [undress(option.label).lower(), undress(option.text).lower()]
    assert any(name.translate(test_labels.ALIKE) in named.translate(test_labels.ALIKE) for name in names)


@pytest.mark.parametrize(
    ("text", "passage"),
    [
        pytest.param("It is A. No, wait.\n\n**The answer is B.** Ask away.", "The answer is B", id="statement"),
        pytest.param("The answer is A.\n\nActually, no: (B) bank", "Actually, no: (B) bank", id="last commitment"),
        pytest.param("So B is the best choice, I think.", "So B is the best choice", id="verdict"),
        pytest.param("<think>B or D?</think>\\boxed{B}", "\\boxed{B}", id="boxed, after thoughts"),
        pytest.param("Money.\n\nB", "B", id="line"),
    ],
)
def test_the_passage_is_the_commitment_that_decided(text: str, passage: str) -> None:
    """Not the first letter of the text, nor the whole of it."""
    start, end = find_passage(text, PLACES) or (0, 0)
    assert text[start:end] == passage


@pytest.mark.parametrize("text", ["A or D", "I can't answer that.", "", "A through E"])
def test_there_is_no_passage_where_no_letter_was_read(text: str) -> None:
    """A passage shows why a letter was read, and nothing else."""
    assert find_passage(text, PLACES) is None


ANY_CHOICES = st.lists(st.text(max_size=12), min_size=2, max_size=26).map(letter_choices)
SOME_CHOICES = st.sampled_from([PLACES, YES_NO, DRINKS, NUMBERS, LETTERS, TWICE, UNKNOWN, PLANETS])
WORDS = [
    "I think ",
    " is correct",
    "bank",
    "library",
    " through ",
    "\\boxed{",
    '"answer":',
    "<think>",
    "</think>",
    "none",
]
SIGNS = "aib.,:;?!()[]{}\"'*_`$#<>~-\\/\n "
PIECES = st.sampled_from(
    [*string.ascii_uppercase, *SIGNS, " the answer is ", "Answer: ", " or ", " and ", "not ", *WORDS]
)
ANSWERLIKE = st.lists(PIECES, max_size=30).map("".join)


@given(st.one_of(st.text(), ANSWERLIKE), st.one_of(ANY_CHOICES, SOME_CHOICES))
def test_no_text_raises_or_gives_a_letter_outside_the_labels(text: str, choices: list[Choice]) -> None:
    """A letter comes with "read" and only with it, and is one of the labels."""
    extraction = extract_answer(text, choices)
    labels = [choice.label for choice in choices]
    assert (extraction.letter in labels) if extraction.outcome == "read" else extraction.letter is None


@given(st.one_of(st.text(), ANSWERLIKE), SOME_CHOICES, st.text(" \n\t", max_size=4), st.text(" \n\t", max_size=4))
def test_surrounding_space_changes_nothing(text: str, choices: list[Choice], before: str, after: str) -> None:
    """Blanks around a text are no part of what it says."""
    assert extract_answer(before + text + after, choices) == extract_answer(text, choices)


@given(ANSWERLIKE, SOME_CHOICES)
def test_bold_around_the_whole_text_changes_nothing(text: str, choices: list[Choice]) -> None:
    """Markdown around a text is no part of what it says."""
    assert extract_answer(f"**{text}**", choices) == extract_answer(text, choices)


FRAMES = ["The answer is {0}.", "({0})", "{0}. {1}", "Answer: {0}", "**{0}**", "I'd go with option {0}.", "{0}"]
PLAIN_TEXTS = st.lists(st.from_regex(r"[a-z]{3,9}( [a-z]{3,9})?", fullmatch=True), min_size=2, max_size=26, unique=True)


@given(st.data(), st.sampled_from(FRAMES), PLAIN_TEXTS)
def test_a_rendered_commitment_is_read_as_its_letter(data: st.DataObject, frame: str, texts: list[str]) -> None:
    """Whatever the letter and the number of choices, the common frames are read."""
    choices = letter_choices(texts)
    choice = data.draw(st.sampled_from(choices))
    assert extract_answer(frame.format(choice.label, choice.text), choices) == Extraction(choice.label, "read")


AT_ONCE = ["{0}", "({0}).", "{0}) {1}", "{0}, {1}", "The best answer is {0}.", "Answer: {0}. {1}"]


@given(SOME_CHOICES, st.sampled_from(AT_ONCE), st.integers(0, 25), st.integers(0, 25))
def test_what_is_decided_at_once_is_decided_alike_at_length(
    choices: list[Choice], frame: str, place: int, other: int
) -> None:
    """The short way gives the letter that the long one does, or nothing, also beside another option's text."""
    label, text = choices[place % len(choices)].label, choices[other % len(choices)].text
    options = prepare_options(tuple(choices))
    at_once = decide_at_once(frame.format(label, text), options)
    assert at_once is None or at_once[:2] == decide_at_length(frame.format(label, text), options)[:2]


def test_the_commonest_answers_are_decided_at_once() -> None:
    """Or the short way would be of no use."""
    options = prepare_options(tuple(PLACES))
    assert all(decide_at_once(frame.format("B", "bank"), options) for frame in AT_ONCE)


@given(st.one_of(st.text(), ANSWERLIKE), SOME_CHOICES)
def test_a_passage_is_found_exactly_where_a_letter_is_read(text: str, choices: list[Choice]) -> None:
    """The traced reading is the plain one, and its places are within the text."""
    passage = find_passage(text, choices)
    assert (passage is None) == (extract_answer(text, choices).letter is None)
    assert passage is None or 0 <= passage[0] < passage[1] <= len(text)


@given(
    SOME_CHOICES,
    st.sampled_from(FRAMES),
    st.integers(0, 25),
    st.sampled_from(["{}", "# {}", "> {}", "_{}_", "```\n{}\n```"]),
)
def test_markdown_around_a_commitment_changes_nothing(
    choices: list[Choice], frame: str, place: int, dress: str
) -> None:
    """Headings, quotations, italics and fences are no part of what is said."""
    choice = choices[place % len(choices)]
    text = frame.format(choice.label, choice.text)
    assert extract_answer(dress.format(text), choices) == extract_answer(text, choices)


HUGE = [
    "A or ",
    "(",
    "answer is ",
    "**",
    "<",
    "\n",
    "A\n",
    "likely ",
    "<think>",
    "$",
    '{"a":',
    "not A but ",
    "1 ",
    "\u7b54\u6848",
]


@pytest.mark.parametrize("piece", HUGE)
def test_a_huge_text_is_read_by_its_opening_and_its_end(piece: str) -> None:
    """What fills a text of 100 kB takes no time that grows faster than it, and does not hide its last line."""
    extraction = extract_answer(piece * (100_000 // len(piece)) + "\n\nThe final answer is B.", PLACES)
    assert extraction.letter in ("B", None)
