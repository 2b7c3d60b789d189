"""How models of all kinds phrase an answer: chat, reasoning, small and base models, and what is no answer.

In every case the choices are A library, B bank, C department store, D mall and E countryside.
"""

import pytest

from potstill.core.letters import letter_choices
from potstill.reading.extraction import Extraction, extract_answer

PLACES = letter_choices(["library", "bank", "department store", "mall", "countryside"])

READ_AS_B = {
    "letter, then another denied": "B, not A",
    "letter, then two denied": "(B), not (A) or (C).",
    "chat: best answer bold": "The best answer is: **B. bank**",
    "chat: correct answer heading": ("**Correct Answer: B) bank**\n\nRevolving doors are a security measure at banks."),
    "chat: correct answer colon newline": (
        "The correct answer is:\n\n**B. bank**\n\nExplanation: A revolving door slows people down."
    ),
    "chat: correct option brackets": "Therefore, the correct option is (B).",
    "chat: correct answer is option": "The correct answer is option B: bank.",
    "chat: correct answer is choice": "The correct answer is choice B (bank).",
    "chat: option quoted": "The right choice is Option 'B'.",
    "chat: would be": "The most appropriate answer would be **(B) bank**.",
    "chat: most likely place": "The most likely place is a bank, so the answer is **B**.",
    "chat: i would say": "I would say the answer is B, though a mall is plausible too.",
    "chat: i'd lean": "B or C, but I'd lean B",
    "chat: leaning towards": "I'm leaning towards B.",
    "chat: i'm going with": "I'm going with B on this one.",
    "chat: my answer": "My answer: B",
    "chat: my answer is": "My answer is B, bank.",
    "chat: my pick": "My pick would be B.",
    "chat: i'd answer": "I'd answer B.",
    "chat: i select": "I select (B).",
    "chat: i opt": "I would opt for B.",
    "chat: we can conclude": "We can conclude that the answer is B.",
    "chat: the answer should be": "The answer should be B.",
    "chat: the answer must be": "The answer must be B.",
    "chat: great question": ("Great question! The answer is **B) bank**. Let me know if you have more!"),
    "chat: certainly": "Certainly! B.",
    "chat: of course": "Of course! The answer is B.",
    "chat: question restated": (
        "A revolving door is convenient for two direction travel, but"
        " it also serves as a security measure at a **bank**.\n\nSo the"
        " answer is **B**."
    ),
    "chat: B then others": ("(B) bank. Options A and C are less secure, and D has wide doors; E has no doors at all."),
    "chat: B then why not": (
        "**B. bank**\n\n- A. library: libraries are quiet.\n- C. departm"
        "ent store: open doors.\n- D. mall: wide doors.\n- E. countrysi"
        "de: no doors."
    ),
    "chat: B then explanation naming others": "B\n\nA library (A) lends books, a mall (D) has wide doors.",
    "chat: offered help": "The answer is B. Would you like me to explain why A or D is wrong?",
    "chat: confident": "Answer: B\nConfidence: 95%",
    "chat: confidence first": "Confidence: 90%\nAnswer: B",
    "chat: answer then reasoning field": "Answer: B\nReasoning: A library is quiet, a mall is wide.",
    "chat: reasoning field then answer": "Reasoning: banks are guarded; A and D are not.\nAnswer: B",
    "chat: explanation field then answer": "Explanation: Money is guarded.\n\nFinal answer: (B)",
    "chat: final answer bold": "**Final Answer:** **(B) bank**",
    "chat: final answer boxed": "Final Answer: \\boxed{B}",
    "chat: final answer is boxed": "The final answer is \\boxed{\\text{B}}",
    "chat: boxed with text": "\\boxed{B. bank}",
    "chat: boxed option": "\\boxed{\\text{Option B}}",
    "chat: boxed text alone": "\\boxed{\\text{bank}}",
    "chat: hashes": "Money is guarded there.\n#### B",
    "chat: bracketed capitals": "ANSWER: [B]",
    "chat: answer underscored": "__Answer__: __B__",
    "chat: answer in italics": "*Answer:* *B*",
    "chat: answer, backticked": "The answer is `B`.",
    "chat: letter b": "The letter is B.",
    "chat: choice b bracket": "choice b)",
    "chat: option b bracket": "Option (b)",
    "chat: option b is correct": "Option b) is correct.",
    "chat: option B text": "Option B, bank, is the correct answer.",
    "chat: B is the best": "B is the best.",
    "chat: B would be the best": "B would be the best choice here.",
    "chat: B fits best": "Of all of them, B fits best.",
    "chat: text fits best": "The bank fits best.",
    "chat: it's bank": "it's bank",
    "chat: it would be a bank": "It would be a bank.",
    "chat: that would be": "That would be B.",
    "chat: that's": "That's B.",
    "chat: definitely": "Definitely B.",
    "chat: definitely text": "Definitely the bank.",
    "chat: obviously": "Obviously (B).",
    "chat: clearly the answer": "Clearly, the answer here is (B) bank.",
    "chat: easy": "Easy: B",
    "chat: I'm confident": "I am confident that the answer is B.",
    "chat: best fit": "Best fit: B",
    "chat: best option": "Best option: B. bank",
    "chat: selected": "Selected answer: B",
    "chat: chosen": "Chosen option: B",
    "chat: the one": "B is the one.",
    "chat: right is": "The right one is B.",
    "chat: among these": "Among these options, B (bank) is the most suitable.",
    "chat: most logical": "The most logical choice is B.",
    "chat: makes the most sense": "Bank makes the most sense. (B)",
    "chat: answers the question": "B best answers the question.",
    "chat: answer sentence with colon": "Here's my answer: B",
    "chat: emoji tick": "\u2705 B. bank",
    "chat: emoji pointing": "\U0001f449 **B**",
    "chat: emoji after": "B \U0001f60a",
    "chat: smile": "The answer is B :)",
    "chat: the answer, brackets after": "The answer is bank (B).",
    "chat: the answer, option after": "The answer is bank (option B).",
    "chat: brackets text": "Answer: (bank)",
    "chat: B = bank": "B = bank",
    "chat: quoted pair": 'The answer is "B. bank".',
    "chat: answer is quoted text": "The correct answer is 'bank'.",
    "chat: capital text": "BANK",
    "chat: answer capital text": "ANSWER: BANK",
    "chat: article text": "The answer is the bank.",
    "each: ticks and crosses": (
        "A) library \u274c\nB) bank \u2705\nC) department store \u274c\nD) mall \u274c\nE) countryside \u274c"
    ),
    "each: ticks before": (
        "\u274c A) library\n\u2705 B) bank\n\u274c C) department store\n\u274c D) mall\n\u274c E) countryside"
    ),
    "each: ticks with reasons": (
        "A) \u274c quiet\nB) \u2705 guarded\nC) \u274c open\nD) \u274c wide\nE) \u274c no doors"
    ),
    "each: crosses in words": (
        "A. library - incorrect\nB. bank - correct\nC. department store"
        " - incorrect\nD. mall - incorrect\nE. countryside - incorrect\n"
        "\nAnswer: B"
    ),
    "each: let's evaluate": (
        "Let's evaluate each option:\n\nA. library: It lends books, so "
        "it is not very likely.\nB. bank: It guards money, so this fit"
        "s.\nC. department store: It wants customers.\nD. mall: Wide do"
        "ors.\nE. countryside: No doors.\n\nTherefore, the best answer i"
        "s B."
    ),
    "each: bullets": (
        "- **A. library**: quiet place.\n- **B. bank**: needs security"
        ".\n- **C. department store**: open.\n- **D. mall**: open.\n- **"
        "E. countryside**: no door.\n\n**Answer: B**"
    ),
    "each: numbered": ("1. A library is quiet.\n2. A bank is guarded.\n3. A mall is wide.\n\nSo the answer is (B)."),
    "each: steps": (
        "Step 1: Understand the question.\nStep 2: Compare A, B, C, D and E.\nStep 3: Choose.\n\nThe answer is B."
    ),
    "each: table": (
        "| Option | Fits? |\n|---|---|\n| A. library | No |\n| B. bank |"
        " Yes |\n| C. department store | No |\n\n**Answer: B**"
    ),
    "each: table, then said": ("| Option | Score |\n|---|---|\n| A | 2 |\n| B | 9 |\n\nSo I choose B."),
    "each: probabilities, then answer": "A: 10%, B: 70%, C: 5%, D: 10%, E: 5%\n\nFinal answer: B",
    "each: scores, then most likely": "A: 2/10\nB: 9/10\nC: 3/10\n\nThe most likely answer is B.",
    "elim: leaving": "I'd eliminate A, C and D, leaving B.",
    "elim: which leaves": "A, C, D and E can be ruled out, which leaves B.",
    "elim: leaves us with": "That leaves us with B.",
    "elim: only b remains": "A and D are out. Only B remains.",
    "elim: not A, answer": "Not A. Not C. The answer is B.",
    "elim: by elimination": "By process of elimination, the answer is B.",
    "elim: by elimination, letter": "By elimination, B.",
    "elim: between": "between A and B, I choose B",
    "elim: between, answer": "Between A and B, the better answer is B.",
    "elim: both but": "Both A and B could be right, but B is better",
    "elim: both, the best": "Both A and D have doors, but B is the best answer.",
    "elim: rather than": "I would choose B rather than D.",
    "elim: over": "I'd pick B over D.",
    "elim: instead of": "The answer is B instead of A.",
    "elim: not but": "The answer is not A but B.",
    "elim: not A, it's B": "It's not A, it's B.",
    "elim: neither": "It's neither A nor C, so it must be B.",
    "elim: while": "While A is tempting, the answer is B.",
    "elim: although": "Although D seems plausible, B is the correct answer.",
    "elim: could be, however": "It could be A or D. However, the best answer is B.",
    "elim: narrowing": "I'm torn between A and B. I'll go with B.",
    "elim: closest": "None of these is perfect, but B is the closest.",
    "elim: none perfect, answer": "None of the options is perfect, but the best answer is B.",
    "corr: b? no": "C? No, B.",
    "corr: hmm": "A? Hmm, no. B.",
    "small: q and a": "A: B",
    "corr: going to say": "I was going to say A but it's B",
    "corr: first thought": "At first I thought A, but the answer is B.",
    "corr: wait": "The answer is D. Wait, banks are guarded. The answer is B.",
    "corr: actually": "A. Actually, B.",
    "corr: actually it's": "The answer is A. Actually, it's B.",
    "corr: sorry": "The answer is A. Sorry, I meant B.",
    "corr: i mean": "The answer is A, I mean B.",
    "corr: scratch that": "Answer: A. Scratch that, the answer is B.",
    "corr: no, at once": "The answer is A, no, B.",
    "corr: make that": "A. Make that B.",
    "corr: on second thought": "The answer is C. On second thought, the answer is B.",
    "corr: changed mind": "I'd say A. I've changed my mind: B.",
    "corr: edit": "Answer: A\n\nEdit: B",
    "corr: corrected answer": "Answer: A\n\nCorrected answer: B",
    "corr: revised": "My initial answer was A. My revised answer is B.",
    "corr: final": "My first answer was D. My final answer is B.",
    "reason: deepseek": (
        "<think>\nOkay, so the question is about doors. Option A is li"
        "brary. Hmm, D? Wait, no. The answer is D? Let me think.\n</th"
        "ink>\n\n**Answer:** B"
    ),
    "reason: deepseek boxed": ("<think>A or B?</think>\nThe door is a security measure at a bank.\n\n\\boxed{B}"),
    "reason: answer tag": "<think>maybe D</think><answer>B</answer>",
    "reason: answer tag with text": "<think>maybe D</think>\n<answer>B. bank</answer>",
    "reason: only close": "So maybe D.\n</think>\n\nB",
    "reason: channel": (
        "<|channel|>analysis<|message|>Could be A or D.<|end|><|start"
        "|>assistant<|channel|>final<|message|>The answer is B."
    ),
    "reason: thinking tag attributes": '<thinking effort="high">A?</thinking>\nB',
    "reason: qwen empty": "<think>\n\n</think>\n\nB",
    "reason: square tags": "[THINK]It may be D.[/THINK]B",
    "reason: reflection": "<reflection>Perhaps A.</reflection>\n<output>B</output>",
    "reason: hence": "Since money is guarded, hence (B).",
    "reason: thus option": "Thus, option B.",
    "reason: so it has to be": "So it has to be B.",
    "reason: therefore text": "Therefore, the answer is bank.",
    "reason: conclusion": "Conclusion: B",
    "reason: in conclusion": "In conclusion, B is the correct answer.",
    "reason: considering": "Considering the options A, B, C, D and E, the answer is B.",
    "small: b with text and junk": "B. bank\n\n\n\nB. bank",
    "small: repeated": "B B B B",
    "small: repeated lines": "B\nB\nB",
    "small: repeated answer": "Answer: B\nAnswer: B\nAnswer: B",
    "small: next question": "B\n\nQ: Where do cows live?\nA: farm",
    "small: next question heading": ("B. bank\n\n### Question 2\nWhere do cows live?\nA. farm\nB. city\nAnswer: A"),
    "small: next question options": (
        " B\n\nQuestion: Where would you find a cow?\nA. farm\nB. sea\nC. sky\nD. moon\nE. sun\nAnswer: A"
    ),
    "small: next instruction": ("B\n\n### Instruction:\nAnswer the next question.\n\n### Response:\nA"),
    "small: next user": "B\nUser: thanks\nAssistant: A pleasure.",
    "small: inst": "B [/INST]",
    "small: assistant prefix": "Assistant: B",
    "small: response prefix": "### Response:\nB",
    "small: special token": "B<|endoftext|>A man walks",
    "small: end of sequence": "B</s><s>A",
    "small: eot": "B<|eot_id|>",
    "small: gemma": "B<end_of_turn>",
    "small: answer key": "The answer to the question is: B",
    "small: ans": "Ans: B",
    "small: ans.": "Ans. B",
    "small: correct ans": "correct ans is B",
    "small: a.": "A. The answer is B.",
    "small: answer equals": "answer=B",
    "small: answer equals spaced": "answer = B",
    "small: lower all": "the correct answer is option b",
    "small: upper all": "THE CORRECT ANSWER IS B",
    "small: upper all text": "THE ANSWER IS BANK.",
    "small: no space": "Answer:B",
    "small: no space bracket": "Answer:(B)bank",
    "small: dot space": "B .",
    "small: bracket space": "( B )",
    "small: bracket space text": "( B ) bank",
    "small: text bracket": "bank)",
    "small: bullet": "- B",
    "small: bullet star": "* B. bank",
    "small: bullet dot": "\u2022 B",
    "small: restated list, then text": (
        "A. library\nB. bank\nC. department store\nD. mall\nE. countryside\n\nThe answer is bank."
    ),
    "small: restated question and list": (
        "Question: Where?\nOptions:\n(A) library\n(B) bank\n(C) departmen"
        "t store\n(D) mall\n(E) countryside\n\nThe correct answer is (B) "
        "bank."
    ),
    "small: list in commas": "The options are A, B, C, D and E. The answer is B.",
    "small: choices inline": ("Choices: A) library B) bank C) department store D) mall E) countryside. Answer: B"),
    "struct: yaml": "answer: B",
    "struct: yaml more": "reasoning: banks are guarded\nanswer: B\nconfidence: high",
    "struct: yaml quoted": 'answer: "B"',
    "struct: yaml fenced": "```yaml\nanswer: B\n```",
    "struct: xml": ("<response><reasoning>A? No.</reasoning><answer>B</answer></response>"),
    "struct: xml choice": "<choice>B</choice>",
    "struct: xml attribute": '<answer letter="B">bank</answer>',
    "struct: function call": '{"name": "submit", "arguments": {"answer": "B"}}',
    "struct: function call, string": '{"name": "submit", "arguments": "{\\"answer\\": \\"B\\"}"}',
    "struct: tool tag": ('<tool_call>\n{"name": "answer", "arguments": {"choice": "B"}}\n</tool_call>'),
    "struct: python dict": "{'answer': 'B', 'reason': 'banks'}",
    "struct: python call": 'submit_answer("B")',
    "struct: python assignment": 'answer = "B"',
    "struct: print": 'print("B")',
    "struct: json text": '{"answer": "bank"}',
    "struct: json letter and text": '{"letter": "B", "text": "bank"}',
    "struct: json answer text": '{"answer_letter": "B", "answer_text": "bank"}',
    "struct: json capital key": '{"Answer": "B"}',
    "struct: json list one": '{"answer": ["B"]}',
    "struct: json spaced": '{ "answer" : "B" }',
    "struct: json unquoted": "{answer: B}",
    "struct: json option b": '{"answer": "Option B"}',
    "struct: json thoughts": '{"thoughts": "A or D?", "answer": "B"}',
    "struct: json confidence": '{"answer":"B","confidence":{"A":0.1,"B":0.7,"D":0.2}}',
    "struct: json array top": '[{"answer": "B"}]',
    "struct: json result": '{"result": "B"}',
    "struct: json prediction": '{"prediction": "B"}',
    "struct: json selected": '{"selected_option": "B"}',
    "struct: json explanation with rival": (
        '{"answer": "B", "explanation": "The answer is not A, since a library is quiet."}'
    ),
    "struct: json trailing comma": '{"answer": "B",}',
    "struct: json then prose": '{"answer": "B"}\n\nA library is quiet.',
    "struct: brackets double": "The answer is [[B]].",
    "struct: braces double": "{{B}}",
    "struct: answer braces": "Answer: {B}",
    "struct: answer angle": "Answer: <B>",
    "struct: html": "<p>The answer is <strong>B</strong>.</p>",
    "struct: html entity": "Answer:&nbsp;B",
    "struct: latex text": "The answer is $\\textbf{(B)}$",
    "struct: latex boxed spaced": "$\\boxed{ B }$",
    "struct: latex bold": "$\\mathbf{B}$",
    "struct: latex display": "$$\\boxed{B}$$",
    "struct: latex final": "\\[\n\\boxed{B}\n\\]",
    "struct: latex box braces": "\\boxed{\\mathrm{B}}",
    "dress: circled": "\u24b7",
    "dress: parenthesised": "\u249d",
    "dress: bold math": "\U0001d401",
    "dress: sans": "\U0001d5d5",
    "dress: negative circled": "\U0001f151",
    "dress: negative squared": "\U0001f171",
    "dress: squared": "\U0001f131",
    "dress: full width statement": "The answer is \uff22\uff0e",
    "dress: full width brackets": "\uff08\uff22\uff09",
    "dress: zero width": "\u200bB\u200b",
    "dress: zero width within": "The answer\u200b is\u200b B.",
    "dress: nbsp": "Answer:\xa0B",
    "dress: rtl mark": "\u200fB\u200f",
    "dress: crlf": "Money is guarded.\r\n\r\nAnswer: B\r\n",
    "dress: bom": "\ufeffB",
    "dress: nul": "B\x00",
    "dress: nul within": "Answer:\x00 B",
    "dress: tabs": "Answer:\tB",
    "dress: guillemets": "\xabB\xbb",
    "dress: low quotes": "\u201eB\u201c",
    "dress: corner brackets": "\u3010B\u3011",
    "dress: strikethrough": "~~A~~ B",
    "dress: quote block": "> **B**",
    "dress: escaped": "\\(B\\)",
    "dress: trailing escape": "**Answer:** B\\n",
    "dress: surrogates": "Answer: B \ud800",
    "dress: bold letter only": "The answer is **B** (bank).",
    "dress: bold half": "**B**. bank",
    "dress: bold bracket": "**B)** bank",
    "dress: italic": "_B_",
    "dress: nested": '***"B"***',
}


@pytest.mark.parametrize("text", READ_AS_B.values(), ids=READ_AS_B.keys())
def test_reads_how_models_commit_to_a_letter(text: str) -> None:
    assert extract_answer(text, PLACES) == Extraction("B", "read")


READ = {
    "B is not": ("B is correct. Just kidding, it's A.", "A"),
    "dismiss then": ("It isn't B; it's D.", "D"),
    "D text": ("D) mall is the answer because it has a revolving door.", "D"),
    "bare E dot": ("E.", "E"),
    "A article": ("A bank? No. The answer is A.", "A"),
    "A is": ("A is the correct answer.", "A"),
    "A is it": ("I think A is correct.", "A"),
    "a bracket": ("a)", "A"),
    "answer a": ("Answer: a", "A"),
    "answer is a dot": ("The answer is a.", "A"),
    "answer is (a)": ("the answer is (a)", "A"),
    "option a": ("option a", "A"),
    "choose option a": ("I'd choose option a because of the door.", "A"),
    "C. text two words": ("C. department store", "C"),
    "text two words": ("Department Store", "C"),
    "text statement": ("A department store.", "C"),
    "e lower": ("e", "E"),
    "e) lower": ("e) countryside", "E"),
    "d. lower text": ("d. mall", "D"),
    "statement D text": ("I think it's the mall", "D"),
}


@pytest.mark.parametrize(("text", "letter"), READ.values(), ids=READ.keys())
def test_reads_letters_that_are_also_words(text: str, letter: str) -> None:
    assert extract_answer(text, PLACES) == Extraction(letter, "read")


AMBIGUOUS = {
    "answer slash": "Answer: A/B",
    "answer comma": "Answer: A, B",
    "both": "Both A and B.",
    "b or maybe d": "B or maybe D",
    "b, possibly d": "The answer is B, or possibly D.",
    "two boxed": "\\boxed{A, B}",
    "two in json": '{"answer": "A or B"}',
    "b and/or": "B and/or D",
    "b & d statement": "The correct answers are B & D.",
    "correct answers": "The correct answers are A and C.",
    "two options": "Options A and B are both correct.",
    "i would choose two": "I would choose A or B.",
    "text contradiction dot": "D. bank",
    "text contradiction bracket": "(A) bank",
    "answer contradiction": "Answer: A. bank",
    "bold contradiction": "**C) bank**",
    "option contradiction": "The answer is option D, bank.",
    "text then letter": "bank (D)",
    "json contradiction": '{"answer": "C) bank"}',
    "letter and text fields": '{"letter": "D", "text": "bank"}',
    "plus": "A+B",
    "semicolon": "A; D",
    "tie": "It's a tie between A and B.",
    "two texts": "bank, mall",
    "three texts": "The answer is bank, mall and library.",
    "small: q and a text": "A: bank",
    "template": "Answer: (A/B/C/D/E)",
}
AMBIGUOUS |= {
    "two option tags": "<option>A</option><option>B</option>",
    "two answer tags": "<answer>A</answer><answer>B</answer>",
    "two boxes": "\\boxed{A} or \\boxed{B}",
}


@pytest.mark.parametrize("text", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
def test_two_letters_in_any_phrasing_are_ambiguous(text: str) -> None:
    assert extract_answer(text, PLACES) == Extraction(None, "ambiguous")


REFUSED = {
    "none": "None",
    "answer none": "Answer: none",
    "none of these": "None of these.",
    "none of the options": "None of the options is correct.",
    "none of the above is right": "The answer is none of the above.",
    "none fit": "None of the choices fit.",
    "sorry": "Sorry, I can't answer that.",
    "apologise": "I apologize, but I cannot answer this.",
    "refuse": "I must decline to answer.",
    "not comfortable": "I'm not comfortable answering that.",
    "cannot choose": "I cannot choose between A and B.",
    "cannot determine": "It cannot be determined from the options.",
    "not possible": "It is not possible to answer this question.",
    "not enough": "There isn't enough information to decide.",
    "no idea": "I have no idea.",
    "i do not know": "I do not know the answer.",
    "dunno": "I don't know.",
    "not sure": "I'm not sure.",
    "cannot with letter list": "I cannot determine whether A, B or C is right.",
    "as an ai": "As an AI, I have no opinion on A or B.",
    "unable to": "Unable to determine.",
    "cannot assist": "I can't assist with that request.",
    "won't": "I won't answer that.",
    "against policy": ("This question goes against my guidelines, so I can't pick an option."),
    "harm": "I can't help with that. If you are in crisis, call a helpline.",
    "no answer": "No answer.",
    "no correct option": "There is no correct option here.",
    "none json": '{"answer": "none"}',
    "none boxed": "\\boxed{\\text{None of the above}}",
    "cannot json": '{"answer": "I cannot answer"}',
    "cannot provide letter": "I can't provide an answer such as A or B.",
    "n/a": "N/A",
    "cannot be answered": "This question cannot be answered.",
    "refuse in think": "<think>B?</think>I'm sorry, but I can't help with that.",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_refusals_in_any_phrasing_are_refused(text: str) -> None:
    assert extract_answer(text, PLACES) == Extraction(None, "refused")


UNPARSED = {
    "text taken back in the sentence": "The bank would be the answer, wait no, the mall.",
    "letter and what it is not": "B, not a good choice.",
    "range en": "A\u2013E",
    "not A": "Not A.",
    "isn't B": "The answer isn't B",
    "definitely not": "Definitely not C; D.",
    "answer B incorrect": "Answer B is incorrect",
    "option B wrong": "Option B is wrong.",
    "B no": "B is out.",
    "unknown": "Answer: unknown",
    "it depends": "It depends",
    "all": "All of the above.",
    "all statement": "The answer is all of the above.",
    "any": "Any of them.",
    "question back": "Which option do you mean?",
    "question back letters": "Do you mean A or B?",
    "clarify": "Could you please provide the options?",
    "is it B?": "Is it B?",
    "B??": "B??",
    "paraphrase": "banks",
    "paraphrase other": "A financial institution",
    "tally": "A: 10%, B: 70%, C: 20%",
    "tally lines": "A: 10%\nB: 70%\nC: 20%",
    "eliminate": "Eliminate A, C and D.",
    "rule out": "I would rule out A and C.",
    "can't be": "It can't be A.",
    "trunc list": ("Let's evaluate each option:\n\nA. library: a library is quiet.\nB. bank: a bank"),
    "trunc answer": "The answer is",
    "trunc colon": "Answer:",
    "trunc bracket": "The answer is (",
    "restated question": (
        "A revolving door is convenient for two direction travel, but it also serves as a security measure at a what?"
    ),
    "unknown letter": "The answer is F.",
    "unknown letter bracket": "(Z)",
    "digit": "2",
    "digit statement": "The answer is 2.",
    "word in prose": "A bank is a place where people keep money.",
    "I pron": "I think that a library is quiet.",
    "only think": "<think>B</think>",
    "unclosed think": "<think>The answer is B.",
    "cyrillic \u0411": "\u0411",
    "placeholder": "The answer is [letter].",
    "placeholder X": "Answer: X",
    "format talk": "I will answer with a single letter.",
    "grade": "I got a B in class.",
    "vitamin": "Vitamin B is good for you.",
    "plan": "Plan B works.",
    "hyphen": "B-side",
    "abbr": "The U.S.A. has many banks.",
    "opinion": "Many people would choose B.",
    "someone": "A student might answer B.",
    "could": "B could be correct.",
    "might": "It might be B.",
    "if": "If the door is wide, then B.",
    "except": "All except B.",
    "worst": "B is the worst choice.",
    "less likely": "B is less likely.",
    "not only": "The least likely is B.",
    "eliminated B": "B can be eliminated.",
    "b unlikely": "B seems unlikely.",
    "b, wrong": "B - wrong.",
    "b cross": "B \u274c",
    "crosses": "A \u274c B \u274c C \u274c",
    "whitespace emoji": "\U0001f914",
    "dashes": "---",
    "html only": "<p></p>",
    "json empty": "{}",
    "json null": '{"answer": null}',
    "json empty string": '{"answer": ""}',
    "json unknown": '{"answer": "unknown"}',
    "json F": '{"answer": "F"}',
    "numbers": "12345",
    "reason: arrow": "security measure \u2192 bank \u2192 B",
    "either way": "Either B or D would work.",
    "compact": "AB",
    "compact statement": "Answer: BD",
}
UNPARSED |= {
    "tag, incorrect": "<incorrect>A</incorrect>",
    "tag, eliminated": "<eliminated>A</eliminated>",
}


@pytest.mark.parametrize("text", UNPARSED.values(), ids=UNPARSED.keys())
def test_what_commits_to_nothing_in_any_phrasing_is_unparsed(text: str) -> None:
    assert extract_answer(text, PLACES) == Extraction(None, "unparsed")
