import random
from collections import Counter

import pytest

from arena.service.campaigns.choosing import CampaignError, choose_pairs, prompts_named
from db.queries import Dealable, DeckPrompt, StoredPrompt

MODELS = ("ant", "bee", "cat", "dog")
DECK = [Dealable(f"{i:016x}", {model: model for model in MODELS}) for i in range(60)]


def test_every_two_models_meet_about_equally_often() -> None:
    pairs = choose_pairs(DECK, rng=random.Random(1))
    assert len(pairs) == len({pair.key for pair in pairs}) == 60
    assert set(Counter((pair.model_x, pair.model_y) for pair in pairs).values()) == {10}
    two = choose_pairs(DECK, per_prompt=2, rng=random.Random(1))
    assert len(two) == len(set(two)) == 120
    assert len(choose_pairs(DECK, per_prompt=None, rng=random.Random(1))) == 60 * 6


def test_a_number_of_prompts_is_a_sample_and_models_can_be_named() -> None:
    sampled = choose_pairs(DECK, n_prompts=8, rng=random.Random(1))
    assert len(sampled) == 8
    assert {pair.key for pair in sampled} != {one.key for one in DECK[:8]}
    assert sampled == choose_pairs(DECK, n_prompts=8, rng=random.Random(1))
    named = choose_pairs(DECK, models=("dog", "ant"), rng=random.Random(1))
    assert {pair[1:] for pair in named} == {("ant", "dog")}


def test_equal_answers_are_not_judged() -> None:
    deck = [Dealable("1" * 16, {"ant": "x", "bee": "x", "cat": "y"}), Dealable("2" * 16, {"ant": "x", "bee": "x"})]
    pairs = choose_pairs(deck, per_prompt=None, rng=random.Random(1))
    assert sorted(pair[1:] for pair in pairs) == [("ant", "cat"), ("bee", "cat")]
    assert {pair.key for pair in pairs} == {"1" * 16}
    with pytest.raises(
        CampaignError, match="prompts with different answers of two models that may meet: 1; expected 2 or more"
    ):
        choose_pairs(deck, n_prompts=2, rng=random.Random(1))
    with pytest.raises(CampaignError, match="may meet: 0; expected at least 1"):
        choose_pairs(deck[1:], rng=random.Random(1))


def test_two_models_of_one_kin_are_not_on_the_list() -> None:
    kin = {"ant": "insect", "bee": "insect", "cat": "cat"}
    pairs = choose_pairs(DECK[:1], per_prompt=None, kin=kin, rng=random.Random(1))
    assert len(pairs) == 5
    assert ("ant", "bee") not in {pair[1:] for pair in pairs}, "dog, which has left the roster, meets everybody"


def test_prompts_are_named_by_their_text() -> None:
    stored = [StoredPrompt(str(i) * 16, DeckPrompt("d", f"Q{i}"), ()) for i in range(3)]
    assert prompts_named(stored, ["Q2", "Q0"]) == ["2" * 16, "0" * 16]
    with pytest.raises(CampaignError, match="the deck has no prompt 'Q9'; add it with fill-deck"):
        prompts_named(stored, ["Q9"])
