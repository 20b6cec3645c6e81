import time

import pytest

from arena.rules.identity import Names, names_itself

WREN = Names("Wren Sol", "Wren", "Aviary Labs")
GEMINI = Names("Gemini", "Gemini", "Google")
MIXED = Names("Mistral-7B-Instruct-v0.3", "Mistral", "Mistral AI")
ROSTER = (WREN, GEMINI, MIXED)


@pytest.mark.parametrize(
    "answer",
    [
        "I am Wren Sol.",
        "Hello! I'm wren sol, how can I help?",
        "I’m **Wren Sol**",
        "wren-sol is at your service",
        "My name is Wren Sol",
        "As Wren Sol, I cannot do that.",
        "Ｗｒｅｎ Ｓｏｌ",
        "W\u200bren Sol here",
        "저는 Wren Sol입니다.",
        "제 이름은 Wren Sol이에요",
        "Wren_Sol",
    ],
)
def test_its_own_name_is_a_leak(answer: str) -> None:
    assert names_itself([answer], WREN, ROSTER)


@pytest.mark.parametrize(
    "answer",
    [
        "I'm ChatGPT, a large language model.",
        "I am ChatGPT 4",
        "I am a language model trained by OpenAI.",
        "I was created by Mistral AI.",
        "I am an AI assistant from Aviary Labs",
        "As Claude, I should say no.",
        "My creators are Anthropic and friends",
        "You can call me Bard.",
        "저는 OpenAI가 개발한 언어 모델입니다.",
        "저는 Qwen이에요",
        "나는 구글이 아니라 DeepSeek에서 만든 모델이야",
    ],
)
def test_a_claim_to_be_any_known_model_is_a_leak(answer: str) -> None:
    assert names_itself([answer], WREN, ROSTER)


@pytest.mark.parametrize(
    "answer",
    [
        "The palm trees bombard us; google it.",
        "Claude Monet painted water lilies.",
        "As Claude Monet painted, I saw light.",
        "Gemini follows Taurus in the zodiac.",
        "A llama and a falcon met in the mistral wind.",
        "I am a fan of Google Maps.",
        "I am solar powered.",
        "A wren sang. Sol is the sun.",
        "wrensolar panels",
        "I was hired by Google in a dream.",
        "Mistral-7B-Instruct-v0.3 is another model.",
        "저는 구글 지도를 좋아해요",
        "",
    ],
)
def test_a_name_in_passing_is_not_a_leak(answer: str) -> None:
    assert not names_itself([answer], WREN, ROSTER)


def test_a_model_whose_name_is_an_ordinary_word_leaks_only_by_speaking_of_itself() -> None:
    assert not names_itself(["The Gemini twins"], GEMINI, ROSTER)
    assert names_itself(["I am Gemini, built to help."], GEMINI, ROSTER)


def test_a_name_with_digits_is_a_leak_of_its_own_model_in_any_spelling() -> None:
    for answer in ("mistral 7b instruct v0.3", "This is Mistral_7B_Instruct_v0.3!"):
        assert names_itself([answer], MIXED, ROSTER)


def test_every_answer_is_looked_at() -> None:
    assert names_itself(["nothing here", "I am Wren Sol"], WREN, ROSTER)
    assert not names_itself([], WREN, ROSTER)


def test_a_long_answer_is_looked_through_in_no_time() -> None:
    import time

    text = "I am a model that was made of many words, and as such, I go on. " * 4000
    started = time.perf_counter()
    assert not names_itself([text], WREN, ROSTER)
    assert time.perf_counter() - started < 2.0


def test_an_organisation_without_a_word_is_no_name() -> None:
    unknown = Names("Wren Sol", "-", "...")
    for answer in ("I'm – honestly – not sure.", "I'm (mostly) an assistant by - well - chance.", "This is - a dash."):
        assert not names_itself([answer], unknown, [unknown])


def test_a_hostile_answer_is_read_in_time_that_grows_with_its_length() -> None:
    """A vote waits for the search. 30,000 backticks took 9 s while each quotation was compared with the whole text."""

    def seconds(text: str) -> float:
        start = time.process_time()
        assert not names_itself([text], WREN, ROSTER)
        return time.process_time() - start

    for piece in ("```", '"Google" ', "'Google' ", "i am a ", "made by "):
        seconds(piece)
        assert seconds(piece * 4000) < 40 * max(seconds(piece * 400), 0.005)
