import random
from collections import Counter

import pytest

from arena.rounds.matchmaking import Pair
from arena.rounds.quick_rounds import (
    Contender,
    Judged,
    Place,
    Playing,
    PreparedPrompt,
    Record,
    Round,
    deal,
    is_dealable,
    latest_round,
    pairs_of,
    podium,
)
from db.outcome import Outcome

A, B, TIE, BAD = Outcome.A, Outcome.B, Outcome.TIE, Outcome.BOTH_BAD


def playing(names: str, **weights: float) -> Playing:
    """Return models of a letter each; those in upper case are of one family."""
    return {name: Contender(weights.get(name, 1.0), "family" if name.isupper() else name) for name in names}


EVEN = playing("xyz")


def prompt(key: str = "p", language: str | None = "en", **answers: str) -> PreparedPrompt:
    return PreparedPrompt(key, language, answers)


def won(*names: str, against: str = "z") -> list[Judged]:
    return [Judged(name, against, A) for name in names]


def test_pairs_with_equal_answers_and_models_that_do_not_play_are_not_dealt() -> None:
    assert pairs_of(prompt(x="4", y="4", z="5"), EVEN) == [("x", "z"), ("y", "z")]
    assert pairs_of(prompt(x="4", y="4", z="5"), playing("xy")) == []
    assert deal([prompt(x="4", y="4")], EVEN, random.Random(1)) is None
    assert deal([prompt(x="4")], EVEN, random.Random(1)) is None


def test_two_of_one_kin_never_meet() -> None:
    asked = prompt(X="1", Y="2", z="2")
    assert pairs_of(asked, playing("XYz")) == [("X", "z")]
    rng = random.Random(2)
    dealt = [deal([asked, prompt("q", X="1", Y="2", z="3")], playing("XYz"), rng) for _ in range(200)]
    assert not any({one.pair.model_a, one.pair.model_b} == {"X", "Y"} for one in dealt if one)
    assert deal([asked], playing("XY"), rng) is None


def test_a_prompt_is_dealable_if_and_only_if_it_has_a_pair() -> None:
    rng = random.Random(4)
    for _ in range(500):
        asked = prompt(**{name: rng.choice("12") for name in rng.sample("XYZuvw", rng.randrange(5))})
        ready = playing("".join(rng.sample("XYZuvw", rng.randrange(6))))
        assert is_dealable(asked, ready) is bool(pairs_of(asked, ready))


def test_the_probability_of_a_deal_is_how_often_it_comes() -> None:
    weighted = playing("xyz", x=2.0)
    rng = random.Random(7)
    found = Counter(
        dealt.pair for _ in range(8000) if (dealt := deal([prompt(x="1", y="2", z="1")], weighted, rng)) is not None
    )
    # x and z gave the same answer: {x, y} weighs 2 and {y, z} 1, on either side
    assert {(one.model_a, one.model_b): one.probability for one in found} == pytest.approx(
        {("x", "y"): 1 / 3, ("y", "x"): 1 / 3, ("y", "z"): 1 / 6, ("z", "y"): 1 / 6}
    )
    for pair, n in found.items():
        assert n / 8000 == pytest.approx(pair.probability, abs=0.02)


def test_every_prompt_comes_once_and_the_visitors_language_first() -> None:
    prompts = [
        prompt(key, language, x="1", y="2") for key, language in zip("abcd", ("ko", "en", None, "en"), strict=True)
    ]
    rng, seen = random.Random(3), list[str]()
    while (dealt := deal(prompts, EVEN, rng, seen=seen, language="en")) is not None:
        seen.append(dealt.prompt)
    assert sorted(seen[:3]) == ["b", "c", "d"]
    assert seen[3:] == ["a"]


def test_prompts_are_drawn_alike() -> None:
    prompts = [prompt(key, x="1", y="2") for key in "abc"] + [prompt("same", x="1", y="1")]
    rng = random.Random(5)
    found = Counter(dealt.prompt for _ in range(3000) if (dealt := deal(prompts, EVEN, rng)) is not None)
    assert set(found) == {"a", "b", "c"}
    assert min(found.values()) > 900


@pytest.mark.parametrize(
    ("votes", "has_ended"),
    [
        ([], False),
        (won("x", "x", "x", "x"), False),
        (won("x", "x", "x", "x", "x"), True),
        ([*won("x", "y", "x", "y", "x", "y", "x", "y"), Judged("x", "y", TIE)], False),
        ([*won("x", "y", "x", "y", "x", "y", "x", "y"), *[Judged("x", "y", BAD)] * 2], True),
    ],
)
def test_a_round_ends_after_its_screens_or_with_half_of_them_won(votes: list[Judged], has_ended: bool) -> None:
    assert latest_round(votes, 10).has_ended is has_ended


def test_a_new_round_begins_where_the_last_has_ended() -> None:
    history = won(*"xxxxx", *"yyyyy", "x")
    assert latest_round(history[:5], 10) == Round(10, tuple(won(*"xxxxx")))
    assert latest_round(history[:10], 10) == Round(10, tuple(won(*"yyyyy")))
    assert latest_round(history, 10) == Round(10, tuple(won("x")))


def test_a_withdrawn_vote_wins_nothing_and_leaves_its_screen_in_the_round() -> None:
    judged = (*won("x", "x", "x", "x"), Judged("x", "z", None))
    now = Round(10, judged)
    assert now.records == {"x": Record("x", 4, 0), "z": Record("z", 0, 4)}
    assert not now.has_ended
    assert Round(5, judged).has_ended
    assert podium(Round(2, judged[-1:])) == ()


def test_the_podium_is_by_wins_and_then_by_losses() -> None:
    ended = Round(
        10,
        (
            Judged("x", "y", A),
            Judged("y", "x", B),
            Judged("w", "y", A),
            Judged("v", "w", A),
            Judged("v", "w", TIE),
            Judged("z", "u", BAD),
        ),
    )
    assert podium(ended) == (
        Place(1, Record("x", wins=2)),
        Place(2, Record("v", wins=1, ties=1)),
        Place(3, Record("w", wins=1, losses=1, ties=1)),
        Place(4, Record("u", ties=1)),
        Place(4, Record("z", ties=1)),
        Place(6, Record("y", losses=3)),
    )
    assert podium(Round(10)) == ()


def test_a_deal_names_its_pair_and_policy() -> None:
    dealt = deal([prompt(x="1", y="2")], EVEN, random.Random(1))
    assert dealt is not None
    assert dealt.pair in (Pair("x", "y", 0.5, "uniform"), Pair("y", "x", 0.5, "uniform"))
