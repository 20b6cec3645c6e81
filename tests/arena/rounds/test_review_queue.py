from collections import Counter

from arena.rounds.review_queue import Agreement, Ballot, Subject, agreement, queue
from db.outcome import Outcome

LIST = [Subject(f"p{n}", "x", "y") for n in range(40)]


def test_a_voters_queue_is_the_same_whenever_it_is_drawn_and_however_the_list_is_ordered() -> None:
    drawn = queue("link", "ann", LIST)
    turned = [Subject(one.prompt, one.model_y, one.model_x) for one in reversed(LIST)]
    assert queue("link", "ann", turned) == drawn
    assert queue("link", "ann", LIST[7:]) == [one for one in drawn if one.prompt in {two.prompt for two in LIST[7:]}]
    assert {one.prompt for one in drawn} == {one.prompt for one in LIST}


def test_order_and_sides_differ_between_voters_and_sides_are_a_coin() -> None:
    queues = [queue("link", f"voter {n}", LIST) for n in range(50)]
    assert len({tuple(one.prompt for one in drawn) for drawn in queues}) == 50
    firsts = Counter(drawn[0].prompt for drawn in queues)
    assert max(firsts.values()) <= 8
    sides = [one.model_x for drawn in queues for one in drawn]
    assert 0.45 < sides.count("x") / len(sides) < 0.55
    assert len({tuple(sorted(one.prompt for one in drawn if one.model_x == "x")) for drawn in queues}) == 50


def test_agreement_is_the_share_of_others_votes_that_are_the_same() -> None:
    one, two, three = LIST[:3]
    ballots = [
        Ballot(one, "a", Outcome.A),
        Ballot(one, "b", Outcome.A),
        Ballot(one, "c", Outcome.TIE),
        Ballot(one, "d", Outcome.B),
        Ballot(two, "a", Outcome.BOTH_BAD),
        Ballot(two, "b", Outcome.BOTH_BAD),
        Ballot(three, "b", Outcome.A),
    ]
    assert agreement(ballots, "a") == Agreement(n_same=2, n_votes=4, n_voters=3)
    assert agreement(ballots, "a").share == 0.5
    assert agreement(ballots, "nobody").share is None
