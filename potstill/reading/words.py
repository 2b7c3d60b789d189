"""The words by which answers name an answer, an option or what is correct, a few for each language. No I/O.

The rules are the same for all languages. A text in a language without words here is read by its letters and markup.
"""

# What stands for: answer, option, is, correct, I choose, or, and, not; words are separated by "|".
LANGUAGES = {
    "English": "answer|answered|ans|solution|response|selection|prediction|pick|guess|conclusion|verdict"
    "/option|choice|letter/is|are|was|be|seems|remains|becomes"
    "/correct|right|best|better//or/and/not|no|never|cannot",
    "Arabic": "الإجابة|الجواب|إجابة/الخيار/هي|هو/الصحيحة|الصحيح/أختار/أو/و/ليس|ليست",
    "Chinese": "答案|答/选项|選項|选|選/应该是|應該是|应该选|应为|应是|应选|是|为|為|选|選/正确|正確|最佳|最合适|对的"
    "/我选择|我选|本题选|故选|应选|应该选|选择/或者|或/和|与|及|、/不|没|错|錯|误|非|无",
    "Dutch": "antwoord/optie/is/juist|juiste|correcte/ik kies/of/en/niet|geen",
    "French": "réponse/option|lettre/est|serait/correcte|correct|bonne|meilleure/je choisis/ou/et/pas|ne",
    "German": "antwort|lösung/option|buchstabe/ist|lautet|wäre/richtig|richtige|korrekt|korrekte/ich wähle/oder/und"
    "/nicht|kein|keine",
    "Hindi": "उत्तर|जवाब/विकल्प/है/सही//या/और/नहीं",
    "Indonesian": "jawaban|jawabannya/pilihan|opsi/adalah|ialah/benar|tepat/saya memilih/atau/dan/bukan",
    "Italian": "risposta/opzione|lettera/è|sarebbe|sia/corretta|giusta|migliore/scelgo/o/e/non",
    "Japanese": "答え|正解|回答|解答/選択肢/は/正しい|適切|正解/私は/または|か/と/ない|ません",
    "Korean": "정답|답/선택지|보기/은|는/정답|맞/저는/또는/와|과/아니|않",
    "Polish": "odpowiedź|odpowiedzią/opcja/jest/poprawna|poprawną|prawidłowa/wybieram/lub|albo/oraz/nie",
    "Portuguese": "resposta|gabarito/opção|alternativa|letra/é|seria/correta|certa|melhor/escolho|eu escolho/ou/e/não",
    "Russian": "ответ|вариант|відповідь/вариант|буква/является|это/правильный|верный|верно/я выбираю/или/и/не|неверно",
    "Spanish": "respuesta/opción|alternativa|letra/es|sería/correcta|correcto|mejor/elijo|elegiría|yo elegiría/o/y/no",
    "Turkish": "cevap|yanıt/seçenek|şık/olarak/doğru//veya/ve/değil",
    "Vietnamese": "đáp án|câu trả lời/phương án/là/đúng|chính xác/tôi chọn|chọn/hoặc/và/không",
}


def _collect(place: int) -> str:
    """Return all languages' words of one kind as alternatives, the longest first."""
    words = {word for row in LANGUAGES.values() for word in row.split("/")[place].split("|") if word}
    return "|".join(sorted(words, key=lambda word: (-len(word), word)))


ANSWER, OPTION, IS, CORRECT, CHOOSE, OR, AND, NOT = map(_collect, range(8))
