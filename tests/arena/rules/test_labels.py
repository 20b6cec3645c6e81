"""Tags by the stated rules, and the language of short prompts."""

import time

import pytest

from arena.rules import labels
from arena.rules.labels import labels_of

SHORT = {
    "en": """hi|Reverse the word planet.|What is 2+2?|Write a poem about rain|capital of France?|Why is the sky blue
        |fix my sql query: select * from users where id = 1|Tell me a joke|How do I kill a Linux process?|thanks""",
    "ko": """안녕|단어 planet을 거꾸로 써 줘.|2 더하기 2는?|비에 대한 시를 써 줘|프랑스의 수도는 어디야?
        |하늘은 왜 파란가요|이 SQL 쿼리 고쳐줘: select * from users
        |농담 하나 해줘|리눅스 프로세스 죽이는 법 알려줘|고마워""",
    "ja": """こんにちは|planetという単語を逆にしてください。|2たす2は?
        |雨についての詩を書いて|フランスの首都は?|空はなぜ青いのですか
        |このSQLを直して: select * from users|冗談を言って
        |Linuxのプロセスを終了する方法|日本の歴史を三行で要約""",
    "fr": """bonjour|Écris le mot planète à l'envers.|Combien font deux plus deux ?|Écris un poème sur la pluie
        |capitale de la France ?|Pourquoi le ciel est-il bleu|corrige ma requête sql : select * from users
        |Raconte-moi une blague|Comment tuer un processus Linux ?|merci beaucoup""",
    "de": """Guten Tag|Schreibe das Wort Planet rückwärts.|Wie viel ist zwei plus zwei?|Schreib ein Gedicht über Regen
        |Hauptstadt von Frankreich?|Warum ist der Himmel blau|korrigiere meine SQL-Abfrage: select * from users
        |Erzähl mir einen Witz|Wie beende ich einen Linux-Prozess?|vielen Dank""",
    "es": """hola|Escribe la palabra planeta al revés.|¿Cuánto es dos más dos?|Escribe un poema sobre la lluvia
        |¿capital de Francia?|Por qué el cielo es azul|corrige mi consulta sql: select * from users
        |Cuéntame un chiste|¿Cómo mato un proceso de Linux?|muchas gracias""",
}


def test_the_language_of_short_prompts_is_right_or_unknown() -> None:
    """55 right, 3 unknown and 2 wrong (both mostly SQL) with py3langid 0.4.0."""
    told = [
        (language, labels.language_of(prompt.strip()))
        for language, prompts in SHORT.items()
        for prompt in prompts.split("|")
    ]
    assert len(told) == 60
    assert sum(language == found for language, found in told) >= 55
    assert sum(found not in (language, None) for language, found in told) <= 2
    assert {found for language, found in told if language in ("en", "ko")} == {"en", "ko", None}


@pytest.mark.parametrize(
    "text", ["", "2+2?", "🙂", "1234", "ok", "```\nWhy is the sky blue?\n```", "https://example.org/why"]
)
def test_a_text_without_enough_words_has_no_language(text: str) -> None:
    assert labels.language_of(text) is None


def test_code_around_a_question_does_not_hide_its_language() -> None:
    assert labels.language_of("```\nprint('the quick brown fox jumps')\n```\n이 코드를 설명해 줘") == "ko"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("use `ls`", "code"),
        ("what is\n```\nx\n```", "code"),
        ("x = 1;", "code"),
        ("call it like this\n  main(argv);", "code"),
        ("if (x) {\n", "code"),
        ("class Ant:\n    pass", "code"),
        ("import os\n", "code"),
        ("from os import path", "code"),
        ("<div class='x'>hello", "code"),
        ("why does SELECT name FROM t fail", "code"),
        ("class struggle: an essay", ""),
        ("let me know; import duties in Korea", ""),
        ("select a book from the list", ""),
        ("if (x)", ""),
        ("2+2", "number"),
        ("What is 12 times 7?", "number"),
        ("7 - 3", "number"),
        ("사과는 몇 개야?", "number"),
        ("How many letters has planet?", "number"),
        ("방법 몇 가지 알려줘", ""),
        ("2026-11-29, 3-5 words, 12/25", ""),
        ("x" * 499, ""),
        ("x" * 500, "long"),
    ],
)
def test_tags_follow_the_stated_rules(text: str, expected: str) -> None:
    assert labels_of(text).tags == ((expected,) if expected else ())


def test_own_tags_follow_those_of_the_rules_each_once() -> None:
    found = labels_of("How many?", own=("words", "number", "words"), is_first=False)
    assert found.tags == ("number", "several turns", "words")


@pytest.mark.parametrize("part", ["=a", "1,", "```", "`a", "SELECT a ", "<a ", "a.a@", " ", "const a", "}\t"])
def test_a_hostile_prompt_of_a_million_characters_takes_time_in_proportion(part: str) -> None:
    labels.warm_up()
    before = time.process_time()
    labels_of(part * (200_000 // len(part)))
    assert time.process_time() - before < 2
