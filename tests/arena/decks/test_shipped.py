"""The deck that comes with the arena: its answers are those of the shipped weights, and any pair can be judged."""

from collections import Counter
from importlib.resources import files
from itertools import combinations

from arena.decks.shipped import parsed, shipped
from arena.rules.identity import Names, names_itself
from arena.rules.labels import labels_of
from arena.rules.ledger import same_text
from arena.service.decks.filling import settings_of
from arena.settings import BattleSettings
from db.style import StyleCounts
from inference.demo.shipped import folder_of, names
from inference.model.checkpoint.fingerprints import fingerprint

DECK = shipped("demo")
assert DECK is not None


def test_every_demo_model_has_answered_every_prompt_with_the_shipped_weights() -> None:
    assert DECK is not None
    slugs = {model: model.casefold().replace(" ", "-") for model in DECK.models}
    assert sorted(slugs.values()) == names()
    weights = {model: fingerprint(folder_of(slug)) for model, slug in slugs.items()}
    for _, answers in DECK.prompts:
        assert {one.model: (one.fingerprint or "").partition("+")[0] for one in answers} == weights, (
            "the weights have changed: ask again with arena fill-deck, and write the file with arena decks save"
        )


def test_it_was_asked_with_the_defaults_and_with_different_seeds() -> None:
    assert DECK is not None
    assert DECK.settings == settings_of(BattleSettings())
    for _, answers in DECK.prompts:
        assert len({one.seed for one in answers}) == len(answers)
        assert all(one.finish_reason == "stop" and one.sent is None for one in answers)


def test_every_pair_of_answers_can_be_judged() -> None:
    assert DECK is not None
    roster = [Names(model) for model in DECK.models]
    for prompt, answers in DECK.prompts:
        for one, other in combinations(answers, 2):
            assert not same_text(one.text, other.text), prompt.text
        for answer in answers:
            assert StyleCounts.of(answer.text).n_chars
            assert not names_itself([answer.text], Names(answer.model), roster)


def test_it_has_enough_prompts_in_both_languages() -> None:
    assert DECK is not None
    languages = Counter(prompt.language for prompt, _ in DECK.prompts)
    assert 60 <= sum(languages.values()) <= 120
    assert languages["en"] >= 60
    assert languages["ko"] >= 20
    for prompt, _ in DECK.prompts:
        assert prompt.tags == labels_of(prompt.text, own=prompt.tags).tags
        assert prompt.tags


def test_a_deck_file_is_written_as_it_was_read() -> None:
    assert DECK is not None
    text = files("arena.decks").joinpath("demo.jsonl").read_text(encoding="utf-8")
    assert parsed(text.splitlines()).text() == text
    assert shipped("../demo") is shipped("nothing") is None
