"""Labels of any kind: numbers, lower case, Roman numerals and other scripts, and letters that only look alike."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from potstill.core.letters import letter_choices
from potstill.core.records import Choice
from potstill.reading.extraction import extract_answer
from potstill.reading.labels import prepare_options

ENGLISH = ["library", "bank", "department store", "mall", "countryside"]


def label_choices(labels: str, texts: list[str]) -> list[Choice]:
    """Give texts the labels that a line names."""
    return [Choice(label=label, text=text) for label, text in zip(labels.split(), texts, strict=False)]


SET_1 = label_choices("1 2 3 4 5", ENGLISH)
SET_2 = label_choices("1 2 3 4", ["3", "4", "5", "6"])
SET_3 = label_choices("a b c d e", ENGLISH)
SET_4 = label_choices("i ii iii iv", ENGLISH)
SET_5 = label_choices("I II III IV", ENGLISH)
SET_6 = label_choices("А Б В Г", ["библиотека", "банк", "магазин", "деревня"])
SET_7 = label_choices("Α Β Γ Δ", ENGLISH)
SET_8 = label_choices("أ ب ج د", ["مكتبة", "مصرف", "متجر", "ريف"])
SET_9 = label_choices("א ב ג ד", ENGLISH)
SET_10 = label_choices("क ख ग घ", ["पुस्तकालय", "बैंक", "दुकान", "गाँव"])
SET_11 = label_choices("ক খ গ ঘ", ENGLISH)
SET_12 = label_choices("ก ข ค ง", ENGLISH)
SET_13 = label_choices("가 나 다 라", ["도서관", "은행", "백화점", "시골"])
SET_14 = label_choices("ㄱ ㄴ ㄷ ㄹ", ["도서관", "은행", "백화점", "시골"])
SET_15 = label_choices("ア イ ウ エ", ["図書館", "銀行", "百貨店", "田舎"])
SET_16 = label_choices("甲 乙 丙 丁", ["图书馆", "银行", "商店", "乡村"])
SET_17 = label_choices("① ② ③ ④", ENGLISH)
SET_18 = label_choices("A B C D E", ENGLISH)
SET_19 = label_choices("V F", ["verdadero", "falso"])
SET_20 = label_choices("T F", ["true", "false"])
SET_21 = label_choices(" ".join(map(str, range(1, 41))), [f"word{number}" for number in range(40)])
SET_22 = label_choices("P Q R S", ENGLISH)
SET_23 = label_choices("A1 A2 A3", ENGLISH)

LABELLED = [
    pytest.param("2", SET_1, "2", "read", id="1/2 1"),
    pytest.param("2.", SET_1, "2", "read", id="1/2 2"),
    pytest.param("(2)", SET_1, "2", "read", id="1/2 3"),
    pytest.param("[2]", SET_1, "2", "read", id="1/2 4"),
    pytest.param("**2**", SET_1, "2", "read", id="1/2 5"),
    pytest.param("2)", SET_1, "2", "read", id="1/2 6"),
    pytest.param("Answer: 2", SET_1, "2", "read", id="1/2 7"),
    pytest.param("The answer is 2.", SET_1, "2", "read", id="1/2 8"),
    pytest.param("2. bank", SET_1, "2", "read", id="1/2 9"),
    pytest.param("(2) bank", SET_1, "2", "read", id="1/2 10"),
    pytest.param("option 2", SET_1, "2", "read", id="1/2 11"),
    pytest.param("Option 2 is correct.", SET_1, "2", "read", id="1/2 12"),
    pytest.param("I would choose 2.", SET_1, "2", "read", id="1/2 13"),
    pytest.param("The answer is (2) bank.", SET_1, "2", "read", id="1/2 14"),
    pytest.param("bank", SET_1, "2", "read", id="1/2 15"),
    pytest.param("\\boxed{2}", SET_1, "2", "read", id="1/2 16"),
    pytest.param('{"answer": 2}', SET_1, "2", "read", id="1/2 17"),
    pytest.param('{"answer": "2"}', SET_1, "2", "read", id="1/2 18"),
    pytest.param("There are 5 options. The answer is 2.", SET_1, "2", "read", id="1/2 19"),
    pytest.param(
        "1. library\n2. bank\n3. department store\n4. mall\n5. countryside\n\nAnswer: 2",
        SET_1,
        "2",
        "read",
        id="1/2 20",
    ),
    pytest.param("Step 1: Read.\nStep 2: Think.\nStep 3: Choose.\nThe answer is 2.", SET_1, "2", "read", id="1/2 21"),
    pytest.param("It's 2, not 3.", SET_1, "2", "read", id="1/2 22"),
    pytest.param("答案是2", SET_1, "2", "read", id="1/2 23"),
    pytest.param("정답은 2번입니다", SET_1, "2", "read", id="1/2 24"),
    pytest.param("①? No. The answer is 2.", SET_1, "2", "read", id="1/2 25"),
    pytest.param("2️⃣", SET_1, "2", "read", id="1/2 26"),
    pytest.param("②", SET_1, "2", "read", id="1/2 27"),
    pytest.param("#2", SET_1, "2", "read", id="1/2 28"),
    pytest.param("Answer #2", SET_1, "2", "read", id="1/2 29"),
    pytest.param("number 2", SET_1, "2", "read", id="1/2 30"),
    pytest.param("the second one is wrong; the answer is 2", SET_1, "2", "read", id="1/2 31"),
    pytest.param("A", SET_1, None, "unparsed", id="1/2 32"),
    pytest.param("The answer is A.", SET_1, None, "unparsed", id="1/2 33"),
    pytest.param("6", SET_1, None, "unparsed", id="1/2 34"),
    pytest.param("1 or 2", SET_1, None, "ambiguous", id="1/2 35"),
    pytest.param("The answer is 1 or 2.", SET_1, None, "ambiguous", id="1/2 36"),
    pytest.param("1, 2", SET_1, None, "ambiguous", id="1/2 37"),
    pytest.param("There are 2 reasons to go there.", SET_1, None, "unparsed", id="1/2 38"),
    pytest.param("I have been there 3 times.", SET_1, None, "unparsed", id="1/2 39"),
    pytest.param("1-5", SET_1, None, "unparsed", id="1/2 40"),
    pytest.param("1 through 5", SET_1, None, "unparsed", id="1/2 41"),
    pytest.param("2.5", SET_1, None, "unparsed", id="1/2 42"),
    pytest.param("It takes 2 hours.", SET_1, None, "unparsed", id="1/2 43"),
    pytest.param("not 2", SET_1, None, "unparsed", id="1/2 44"),
    pytest.param("(1) bank", SET_1, None, "ambiguous", id="1/2 45"),
    pytest.param("It was 2 because", SET_1, None, "unparsed", id="1/2 46"),
    pytest.param(
        "1. library\n2. bank\n3. department store\n4. mall\n5. countryside", SET_1, None, "unparsed", id="1/2 47"
    ),
    pytest.param("The answer is 2 of them.", SET_1, None, "unparsed", id="1/2 48"),
    pytest.param("B", SET_1, None, "unparsed", id="1/2 49"),
    pytest.param("12", SET_1, None, "unparsed", id="1/2 50"),
    pytest.param("10%", SET_1, None, "unparsed", id="1/2 51"),
    pytest.param("1. First, consider the door.\n2. Then the security.", SET_1, None, "unparsed", id="1/2 52"),
    pytest.param("(3)", SET_2, "3", "read", id="1/2 53"),
    pytest.param("option 3", SET_2, "3", "read", id="1/2 54"),
    pytest.param("3. 5", SET_2, "3", "read", id="1/2 55"),
    pytest.param("Option 3: 5", SET_2, "3", "read", id="1/2 56"),
    pytest.param("6", SET_2, "4", "read", id="1/2 57"),
    pytest.param("The answer is 6.", SET_2, "4", "read", id="1/2 58"),
    pytest.param("3", SET_2, None, "ambiguous", id="1/2 59"),
    pytest.param("The answer is 3.", SET_2, None, "ambiguous", id="1/2 60"),
    pytest.param("b", SET_3, "b", "read", id="a/b 1"),
    pytest.param("B", SET_3, "b", "read", id="a/b 2"),
    pytest.param("(b)", SET_3, "b", "read", id="a/b 3"),
    pytest.param("b) bank", SET_3, "b", "read", id="a/b 4"),
    pytest.param("The answer is b.", SET_3, "b", "read", id="a/b 5"),
    pytest.param("Answer: B", SET_3, "b", "read", id="a/b 6"),
    pytest.param("option b", SET_3, "b", "read", id="a/b 7"),
    pytest.param("I choose b", SET_3, "b", "read", id="a/b 8"),
    pytest.param("the answer is (b) bank", SET_3, "b", "read", id="a/b 9"),
    pytest.param("a", SET_3, "a", "read", id="a/b 10"),
    pytest.param("a)", SET_3, "a", "read", id="a/b 11"),
    pytest.param("(a)", SET_3, "a", "read", id="a/b 12"),
    pytest.param("Answer: a", SET_3, "a", "read", id="a/b 13"),
    pytest.param("The answer is a.", SET_3, "a", "read", id="a/b 14"),
    pytest.param("option a is correct", SET_3, "a", "read", id="a/b 15"),
    pytest.param("a bank is a place", SET_3, None, "unparsed", id="a/b 16"),
    pytest.param("The answer is a place", SET_3, None, "unparsed", id="a/b 17"),
    pytest.param("ii", SET_4, "ii", "read", id="i/ii 1"),
    pytest.param("(ii)", SET_4, "ii", "read", id="i/ii 2"),
    pytest.param("ii.", SET_4, "ii", "read", id="i/ii 3"),
    pytest.param("II", SET_4, "ii", "read", id="i/ii 4"),
    pytest.param("ii) bank", SET_4, "ii", "read", id="i/ii 5"),
    pytest.param("The answer is ii.", SET_4, "ii", "read", id="i/ii 6"),
    pytest.param("Answer: (ii)", SET_4, "ii", "read", id="i/ii 7"),
    pytest.param("option ii", SET_4, "ii", "read", id="i/ii 8"),
    pytest.param("I think the answer is ii.", SET_4, "ii", "read", id="i/ii 9"),
    pytest.param("bank", SET_4, "ii", "read", id="i/ii 10"),
    pytest.param("Ⅱ", SET_4, "ii", "read", id="i/ii 11"),
    pytest.param("i", SET_4, "i", "read", id="i/ii 12"),
    pytest.param("(i)", SET_4, "i", "read", id="i/ii 13"),
    pytest.param("i. library", SET_4, "i", "read", id="i/ii 14"),
    pytest.param("The answer is (i).", SET_4, "i", "read", id="i/ii 15"),
    pytest.param("Answer: i", SET_4, "i", "read", id="i/ii 16"),
    pytest.param("option i", SET_4, "i", "read", id="i/ii 17"),
    pytest.param("II", SET_5, "II", "read", id="I/II 1"),
    pytest.param("(II)", SET_5, "II", "read", id="I/II 2"),
    pytest.param("II. bank", SET_5, "II", "read", id="I/II 3"),
    pytest.param("The answer is II.", SET_5, "II", "read", id="I/II 4"),
    pytest.param("I think it is II.", SET_5, "II", "read", id="I/II 5"),
    pytest.param("I choose II", SET_5, "II", "read", id="I/II 6"),
    pytest.param("I", SET_5, "I", "read", id="I/II 7"),
    pytest.param("I.", SET_5, "I", "read", id="I/II 8"),
    pytest.param("(I) library", SET_5, "I", "read", id="I/II 9"),
    pytest.param("The answer is I.", SET_5, "I", "read", id="I/II 10"),
    pytest.param("Option I", SET_5, "I", "read", id="I/II 11"),
    pytest.param("I think the answer is I.", SET_5, "I", "read", id="I/II 12"),
    pytest.param("I think so.", SET_5, None, "unparsed", id="I/II 13"),
    pytest.param("I would choose a door.", SET_5, None, "unparsed", id="I/II 14"),
    pytest.param("I don't see it", SET_5, None, "refused", id="I/II 15"),
    pytest.param("Б", SET_6, "Б", "read", id="А/Б 1"),
    pytest.param("Б.", SET_6, "Б", "read", id="А/Б 2"),
    pytest.param("(Б)", SET_6, "Б", "read", id="А/Б 3"),
    pytest.param("Б) банк", SET_6, "Б", "read", id="А/Б 4"),
    pytest.param("Ответ: Б", SET_6, "Б", "read", id="А/Б 5"),
    pytest.param("Правильный ответ: Б", SET_6, "Б", "read", id="А/Б 6"),
    pytest.param("Правильный ответ — Б.", SET_6, "Б", "read", id="А/Б 7"),
    pytest.param("б", SET_6, "Б", "read", id="А/Б 8"),
    pytest.param("б)", SET_6, "Б", "read", id="А/Б 9"),
    pytest.param("Я выбираю Б.", SET_6, "Б", "read", id="А/Б 10"),
    pytest.param("вариант Б", SET_6, "Б", "read", id="А/Б 11"),
    pytest.param("банк", SET_6, "Б", "read", id="А/Б 12"),
    pytest.param("The answer is Б.", SET_6, "Б", "read", id="А/Б 13"),
    pytest.param("Ответ: б", SET_6, "Б", "read", id="А/Б 14"),
    pytest.param("В", SET_6, "В", "read", id="А/Б 15"),
    pytest.param("В.", SET_6, "В", "read", id="А/Б 16"),
    pytest.param("Ответ: В", SET_6, "В", "read", id="А/Б 17"),
    pytest.param("В) магазин", SET_6, "В", "read", id="А/Б 18"),
    pytest.param("Правильный ответ — В, потому что там товары.", SET_6, "В", "read", id="А/Б 19"),
    pytest.param("В банке нет, ответ: В", SET_6, "В", "read", id="А/Б 20"),
    pytest.param("А", SET_6, "А", "read", id="А/Б 21"),
    pytest.param("A", SET_6, "А", "read", id="А/Б 22"),
    pytest.param("Ответ: А", SET_6, "А", "read", id="А/Б 23"),
    pytest.param("а)", SET_6, "А", "read", id="А/Б 24"),
    pytest.param("А или Б", SET_6, None, "ambiguous", id="А/Б 25"),
    pytest.param("не А", SET_6, None, "unparsed", id="А/Б 26"),
    pytest.param("В банке хранят деньги, а в магазине товары.", SET_6, None, "unparsed", id="А/Б 27"),
    pytest.param("А вот и нет", SET_6, None, "unparsed", id="А/Б 28"),
    pytest.param("(В) банк", SET_6, None, "ambiguous", id="А/Б 29"),
    pytest.param("D", SET_6, None, "unparsed", id="А/Б 30"),
    pytest.param("Γ", SET_7, "Γ", "read", id="Α/Β 1"),
    pytest.param("Γ.", SET_7, "Γ", "read", id="Α/Β 2"),
    pytest.param("(Γ)", SET_7, "Γ", "read", id="Α/Β 3"),
    pytest.param("Η απάντηση είναι Γ.", SET_7, "Γ", "read", id="Α/Β 4"),
    pytest.param("Απάντηση: Γ", SET_7, "Γ", "read", id="Α/Β 5"),
    pytest.param("Α", SET_7, "Α", "read", id="Α/Β 6"),
    pytest.param("A", SET_7, "Α", "read", id="Α/Β 7"),
    pytest.param("ب", SET_8, "ب", "read", id="أ/ب 1"),
    pytest.param("(ب)", SET_8, "ب", "read", id="أ/ب 2"),
    pytest.param("ب.", SET_8, "ب", "read", id="أ/ب 3"),
    pytest.param("ب) مصرف", SET_8, "ب", "read", id="أ/ب 4"),
    pytest.param("الإجابة الصحيحة هي ب", SET_8, "ب", "read", id="أ/ب 5"),
    pytest.param("الإجابة: ب", SET_8, "ب", "read", id="أ/ب 6"),
    pytest.param("الإجابة الصحيحة هي (ب) مصرف.", SET_8, "ب", "read", id="أ/ب 7"),
    pytest.param("مصرف", SET_8, "ب", "read", id="أ/ب 8"),
    pytest.param("الخيار ب", SET_8, "ب", "read", id="أ/ب 9"),
    pytest.param("أ", SET_8, "أ", "read", id="أ/ب 10"),
    pytest.param("ا", SET_8, "أ", "read", id="أ/ب 11"),
    pytest.param("الإجابة هي أ", SET_8, "أ", "read", id="أ/ب 12"),
    pytest.param("(أ)", SET_8, "أ", "read", id="أ/ب 13"),
    pytest.param("أ أو ب", SET_8, None, "ambiguous", id="أ/ب 14"),
    pytest.param("ב", SET_9, "ב", "read", id="א/ב 1"),
    pytest.param("התשובה היא ב", SET_9, "ב", "read", id="א/ב 2"),
    pytest.param("(ב)", SET_9, "ב", "read", id="א/ב 3"),
    pytest.param("התשובה: ב", SET_9, "ב", "read", id="א/ב 4"),
    pytest.param("ב.", SET_9, "ב", "read", id="א/ב 5"),
    pytest.param("ख", SET_10, "ख", "read", id="क/ख 1"),
    pytest.param("(ख)", SET_10, "ख", "read", id="क/ख 2"),
    pytest.param("ख.", SET_10, "ख", "read", id="क/ख 3"),
    pytest.param("सही उत्तर ख है", SET_10, "ख", "read", id="क/ख 4"),
    pytest.param("उत्तर: ख", SET_10, "ख", "read", id="क/ख 5"),
    pytest.param("सही उत्तर (ख) बैंक है।", SET_10, "ख", "read", id="क/ख 6"),
    pytest.param("ख) बैंक", SET_10, "ख", "read", id="क/ख 7"),
    pytest.param("बैंक", SET_10, "ख", "read", id="क/ख 8"),
    pytest.param("क या ख", SET_10, None, "ambiguous", id="क/ख 9"),
    pytest.param("किताब खाना", SET_10, None, "unparsed", id="क/ख 10"),
    pytest.param("খ", SET_11, "খ", "read", id="ক/খ 1"),
    pytest.param("উত্তর: খ", SET_11, "খ", "read", id="ক/খ 2"),
    pytest.param("সঠিক উত্তর (খ)", SET_11, "খ", "read", id="ক/খ 3"),
    pytest.param("খ)", SET_11, "খ", "read", id="ক/খ 4"),
    pytest.param("ข", SET_12, "ข", "read", id="ก/ข 1"),
    pytest.param("ข.", SET_12, "ข", "read", id="ก/ข 2"),
    pytest.param("คำตอบคือ ข", SET_12, "ข", "read", id="ก/ข 3"),
    pytest.param("คำตอบคือ ข้อ ข", SET_12, "ข", "read", id="ก/ข 4"),
    pytest.param("ตอบ ข.", SET_12, "ข", "read", id="ก/ข 5"),
    pytest.param("(ข)", SET_12, "ข", "read", id="ก/ข 6"),
    pytest.param("ข้อ ข", SET_12, "ข", "read", id="ก/ข 7"),
    pytest.param("나", SET_13, "나", "read", id="가/나 1"),
    pytest.param("(나)", SET_13, "나", "read", id="가/나 2"),
    pytest.param("나.", SET_13, "나", "read", id="가/나 3"),
    pytest.param("정답은 나입니다", SET_13, "나", "read", id="가/나 4"),
    pytest.param("정답: 나", SET_13, "나", "read", id="가/나 5"),
    pytest.param("나) 은행", SET_13, "나", "read", id="가/나 6"),
    pytest.param("은행", SET_13, "나", "read", id="가/나 7"),
    pytest.param("가", SET_13, "가", "read", id="가/나 8"),
    pytest.param("정답은 가입니다.", SET_13, "가", "read", id="가/나 9"),
    pytest.param("(가)", SET_13, "가", "read", id="가/나 10"),
    pytest.param("ㄴ", SET_14, "ㄴ", "read", id="ㄱ/ㄴ 1"),
    pytest.param("정답은 ㄴ입니다", SET_14, "ㄴ", "read", id="ㄱ/ㄴ 2"),
    pytest.param("정답: ㄴ", SET_14, "ㄴ", "read", id="ㄱ/ㄴ 3"),
    pytest.param("(ㄴ)", SET_14, "ㄴ", "read", id="ㄱ/ㄴ 4"),
    pytest.param("ㄴ. 은행", SET_14, "ㄴ", "read", id="ㄱ/ㄴ 5"),
    pytest.param("イ", SET_15, "イ", "read", id="ア/イ 1"),
    pytest.param("(イ)", SET_15, "イ", "read", id="ア/イ 2"),
    pytest.param("答えはイです", SET_15, "イ", "read", id="ア/イ 3"),
    pytest.param("正解：イ", SET_15, "イ", "read", id="ア/イ 4"),
    pytest.param("イ. 銀行", SET_15, "イ", "read", id="ア/イ 5"),
    pytest.param("正解はイです。", SET_15, "イ", "read", id="ア/イ 6"),
    pytest.param("イが正解です", SET_15, "イ", "read", id="ア/イ 7"),
    pytest.param("ｲ", SET_15, "イ", "read", id="ア/イ 8"),
    pytest.param("乙", SET_16, "乙", "read", id="甲/乙 1"),
    pytest.param("（乙）", SET_16, "乙", "read", id="甲/乙 2"),
    pytest.param("答案是乙", SET_16, "乙", "read", id="甲/乙 3"),
    pytest.param("选乙", SET_16, "乙", "read", id="甲/乙 4"),
    pytest.param("正确答案：乙", SET_16, "乙", "read", id="甲/乙 5"),
    pytest.param("乙、银行", SET_16, "乙", "read", id="甲/乙 6"),
    pytest.param("答案：乙。", SET_16, "乙", "read", id="甲/乙 7"),
    pytest.param("甲或乙", SET_16, None, "ambiguous", id="甲/乙 8"),
    pytest.param("②", SET_17, "②", "read", id="①/② 1"),
    pytest.param("② bank", SET_17, "②", "read", id="①/② 2"),
    pytest.param("The answer is ②.", SET_17, "②", "read", id="①/② 3"),
    pytest.param("答案是②", SET_17, "②", "read", id="①/② 4"),
    pytest.param("正解は②です", SET_17, "②", "read", id="①/② 5"),
    pytest.param("정답은 ②입니다", SET_17, "②", "read", id="①/② 6"),
    pytest.param("2", SET_17, "②", "read", id="①/② 7"),
    pytest.param("(2)", SET_17, "②", "read", id="①/② 8"),
    pytest.param("Answer: 2", SET_17, "②", "read", id="①/② 9"),
    pytest.param("Ｂ", SET_18, "B", "read", id="A/B 1"),
    pytest.param("Ⓑ", SET_18, "B", "read", id="A/B 2"),
    pytest.param("⒝", SET_18, "B", "read", id="A/B 3"),
    pytest.param("𝐁", SET_18, "B", "read", id="A/B 4"),
    pytest.param("𝑩", SET_18, "B", "read", id="A/B 5"),
    pytest.param("🅱", SET_18, "B", "read", id="A/B 6"),
    pytest.param("Β", SET_18, "B", "read", id="A/B 7"),
    pytest.param("А", SET_18, "A", "read", id="A/B 8"),
    pytest.param("Ответ: А", SET_18, "A", "read", id="A/B 9"),
    pytest.param("С", SET_18, "C", "read", id="A/B 10"),
    pytest.param("Ответ: С", SET_18, "C", "read", id="A/B 11"),
    pytest.param("Е", SET_18, "E", "read", id="A/B 12"),
    pytest.param("В", SET_18, None, "ambiguous", id="A/B 13"),
    pytest.param("Ответ: В", SET_18, None, "ambiguous", id="A/B 14"),
    pytest.param("2", SET_18, None, "unparsed", id="A/B 15"),
    pytest.param("The answer is 2.", SET_18, None, "unparsed", id="A/B 16"),
    pytest.param("Г", SET_18, None, "unparsed", id="A/B 17"),
    pytest.param("F", SET_19, "F", "read", id="V/F 1"),
    pytest.param("Falso", SET_19, "F", "read", id="V/F 2"),
    pytest.param("La respuesta es F", SET_19, "F", "read", id="V/F 3"),
    pytest.param("F.", SET_19, "F", "read", id="V/F 4"),
    pytest.param("T", SET_20, "T", "read", id="T/F 1"),
    pytest.param("True", SET_20, "T", "read", id="T/F 2"),
    pytest.param("The answer is True.", SET_20, "T", "read", id="T/F 3"),
    pytest.param("true.", SET_20, "T", "read", id="T/F 4"),
    pytest.param("30", SET_21, "30", "read", id="1/2 61"),
    pytest.param("(30)", SET_21, "30", "read", id="1/2 62"),
    pytest.param("The answer is 30.", SET_21, "30", "read", id="1/2 63"),
    pytest.param("word29", SET_21, "30", "read", id="1/2 64"),
    pytest.param("Q", SET_22, "Q", "read", id="P/Q 1"),
    pytest.param("(Q)", SET_22, "Q", "read", id="P/Q 2"),
    pytest.param("The answer is Q.", SET_22, "Q", "read", id="P/Q 3"),
    pytest.param("A2", SET_23, "A2", "read", id="A1/A2 1"),
    pytest.param("The answer is A2.", SET_23, "A2", "read", id="A1/A2 2"),
    pytest.param("(A2) bank", SET_23, "A2", "read", id="A1/A2 3"),
    pytest.param("a2", SET_23, "A2", "read", id="A1/A2 4"),
]


@pytest.mark.parametrize(("text", "choices", "letter", "outcome"), LABELLED)
def test_reads_labels_of_any_kind_as_they_stand_in_the_choices(
    text: str, choices: list[Choice], letter: str | None, outcome: str
) -> None:
    extraction = extract_answer(text, choices)
    assert (extraction.letter, extraction.outcome) == (letter, outcome)


def test_options_are_sought_longest_first_and_never_by_a_label() -> None:
    options = prepare_options(tuple(letter_choices(["glass", "glass of water", "A", "*glass*"])))
    assert set(options.labels) == set("ABCD")
    assert list(options.owners.items()) == [("glass of water", frozenset("B")), ("glass", frozenset("AD"))]


# Letters of other scripts, and the Latin ones that they are read as.
ALIKE = str.maketrans("\u03b1\u03b2\u0430\u0441\u0435", "abace")

ALPHABETS = [
    "1 2 3 4 5",
    "a b c d e",
    "i ii iii iv v",
    "I II III IV V",
    "А Б В Г Д",
    "Α Β Γ Δ Ε",
    "أ ب ج د هـ",
    "א ב ג ד ה",
    "क ख ग घ ङ",
    "ক খ গ ঘ ঙ",
    "ก ข ค ง จ",
    "가 나 다 라 마",
    "ㄱ ㄴ ㄷ ㄹ ㅁ",
    "ア イ ウ エ オ",
    "甲 乙 丙 丁 戊",
    "① ② ③ ④ ⑤",
    "P Q R S T",
]
FRAMES = [
    "{0}",
    "({0})",
    "**{0}**",
    "{0}. {1}",
    "({0}) {1}",
    "Answer: {0}",
    "The answer is ({0}).",
    "option {0}",
    "{1}",
]


@given(st.sampled_from(ALPHABETS), st.sampled_from(FRAMES), st.integers(0, 4))
def test_a_rendered_commitment_is_read_as_its_label(alphabet: str, frame: str, place: int) -> None:
    choices = label_choices(alphabet, ENGLISH)
    choice = choices[place]
    assert extract_answer(frame.format(choice.label, choice.text), choices).letter == choice.label


ANY_LABELS = st.lists(st.text(min_size=1, max_size=3), min_size=2, max_size=30)
PIECES = st.sampled_from(
    [*string.ascii_letters, *string.digits, " ", ".", "(", ")", " is ", "Answer: ", " or ", "答案是"]
)


@given(st.lists(PIECES, max_size=20).map("".join), ANY_LABELS)
def test_no_labels_raise_or_give_a_letter_outside_them(text: str, labels: list[str]) -> None:
    choices = [Choice(label=label, text=f"text {place}") for place, label in enumerate(labels)]
    extraction = extract_answer(text, choices)
    assert (extraction.letter in labels) if extraction.outcome == "read" else extraction.letter is None
