"""A turn is shown at a clock of the test's; nothing here runs by itself."""

import pytest

from arena.players.events import Finish
from arena.rounds.pacing import EqualPace, FreePace, RetryPace, TogetherPace
from arena.rounds.turns.attempt import Attempt
from arena.rounds.turns.turn import Turn
from arena.rounds.views import SIDES, Side, SideView

DONE = Finish("stop", 7, 3, None, ttft_ms=1.0, duration_ms=2.0)


def turn(pace: FreePace | EqualPace | TogetherPace) -> Turn:
    return Turn("Hi", {side: Attempt(1, number) for number, side in enumerate(SIDES)}, pace)


def look(of: Turn) -> list[tuple[str, str, str | None, bool]]:
    return [(view.state, view.text, view.error, view.is_cut) for view in of.views.values()]


def states(of: Turn) -> list[str]:
    return [view.state for view in of.views.values()]


def release(of: Turn, from_s: float, to_s: float) -> None:
    for tick in range(round(from_s * 10), round(to_s * 10) + 1):
        of.release(tick / 10)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("pace", [FreePace, EqualPace, TogetherPace])
def test_before_the_end_both_sides_say_the_same(pace: type[FreePace | EqualPace | TogetherPace], side: Side) -> None:
    """One side thinks, writes and ends, the other is silent all the while, and then does the same."""
    one = turn(pace())
    first, second = one.attempts[side], one.attempts["b" if side == "a" else "a"]
    assert states(one) == ["waiting", "waiting"]
    first.reasoning = "Hm."
    assert one.release(0.1)
    assert states(one) == ["thinking", "thinking"]
    first.text = "An answer of some length, in one piece."
    release(one, 0.2, 3.0)
    assert states(one) == (["writing"] * 2 if pace is FreePace else ["thinking"] * 2)
    first.finish = DONE
    release(one, 3.1, 6.0)
    assert states(one) == (["writing"] * 2 if pace is FreePace else ["thinking"] * 2)
    second.text = "Another one, of a different length, in one piece."
    release(one, 6.1, 30.0)
    assert states(one) == (["thinking"] * 2 if pace is TogetherPace else ["writing"] * 2)
    second.finish = DONE
    for tick in range(301, 500):
        one.release(tick / 10)
        assert len(set(states(one))) == 1
    assert states(one) == ["done", "done"]


def test_nothing_but_what_is_seen_is_a_change() -> None:
    one = turn(EqualPace())
    one.attempts["a"].text = "x" * 50
    assert not one.release(0.0)
    one.attempts["a"].finish = DONE
    assert not one.release(5.0)
    one.attempts["b"].reasoning = "Hm."
    assert one.release(5.1)
    one.attempts["b"].reasoning += "So."
    assert not one.release(5.2)


@pytest.mark.parametrize("pace", [FreePace, EqualPace, TogetherPace])
def test_a_failed_side_shows_at_the_end_of_both_alone(pace: type[FreePace | EqualPace | TogetherPace]) -> None:
    one = turn(pace())
    a, b = one.attempts["a"], one.attempts["b"]
    a.error = "unreachable"
    release(one, 0.0, 5.0)
    assert look(one)[0] == look(one)[1] == ("waiting", "", None, False)
    b.text = "x" * 100
    release(one, 5.1, 10.0)
    assert [(state, error) for state, _, error, _ in look(one)] == [(states(one)[0], None)] * 2
    b.finish = DONE
    release(one, 10.1, 20.0)
    assert look(one) == [("failed", "", "side_failed", False), ("done", "x" * 100, None, False)]


def test_what_has_arrived_of_the_end_is_not_seen_beforehand() -> None:
    """A token limit and an error of a side that has ended show with the other side's end."""
    for finish in (DONE, Finish("length", 7, 3, None, ttft_ms=1.0, duration_ms=2.0)):
        one = turn(EqualPace())
        one.attempts["a"].text, one.attempts["a"].finish = "x" * 30, finish
        one.attempts["b"].text = "x" * 200
        release(one, 0.0, 20.0)
        assert look(one) == [("writing", "x" * 30, None, False), ("writing", "x" * 200, None, False)]


def test_on_stop_a_complete_and_entirely_shown_side_is_done_and_another_stopped() -> None:
    one = turn(EqualPace())
    for side, n_chars in (("a", 30), ("b", 900)):
        one.attempts[side].text, one.attempts[side].finish = "x" * n_chars, DONE  # type: ignore[index]
    release(one, 0.0, 3.0)
    one.stop()
    (a, text_a, *_), (b, text_b, *_) = look(one)
    assert (a, text_a, b) == ("done", "x" * 30, "stopped")
    assert 30 < len(text_b) < 900
    assert one.attempts["b"].text == text_b


def test_on_stop_a_failed_and_entirely_shown_side_has_failed() -> None:
    one = turn(EqualPace())
    one.attempts["a"].text, one.attempts["a"].error = "x" * 30, "broken"
    one.attempts["b"].text, one.attempts["b"].finish = "x" * 900, DONE
    release(one, 0.0, 3.0)
    one.stop()
    assert [(view.state, view.error) for view in one.views.values()] == [("failed", "side_failed"), ("stopped", None)]


@pytest.mark.parametrize("pace", [EqualPace, TogetherPace])
def test_on_stop_before_anything_is_shown_both_are_stopped_whoever_had_ended(
    pace: type[EqualPace | TogetherPace],
) -> None:
    for error in (None, "unreachable"):
        one = turn(pace())
        one.attempts["a"].finish, one.attempts["a"].error = None if error else DONE, error
        release(one, 0.0, 5.0)
        one.stop()
        assert look(one) == [("stopped", "", None, False)] * 2


def test_of_a_retried_answer_nothing_is_shown_before_it_is_complete_and_the_other_side_stays() -> None:
    one = turn(FreePace())
    one.attempts["a"].error = "broken"
    one.attempts["b"].text, one.attempts["b"].finish = "whole", DONE
    one.release(0.0)
    assert states(one) == ["failed", "done"]
    again = Attempt(2, 5)
    one.ask_again({"a": again}, RetryPace(), 0.0)
    assert look(one) == [("waiting", "", None, False), ("done", "whole", None, False)]
    again.reasoning, again.text = "Hm.", "x" * 100
    release(one, 0.1, 20.0)
    assert look(one) == [("thinking", "", None, False), ("done", "whole", None, False)]
    again.finish = DONE
    release(one, 20.1, 20.3)
    assert look(one) == [("writing", "x" * 40, None, False), ("done", "whole", None, False)]
    release(one, 20.4, 21.0)
    assert look(one) == [("done", "x" * 100, None, False), ("done", "whole", None, False)]


def test_a_side_is_retried_beside_one_that_was_stopped() -> None:
    one = turn(FreePace())
    one.attempts["a"].error = "broken"
    one.attempts["b"].text = "so far"
    one.release(0.0)
    one.stop()
    assert states(one) == ["failed", "stopped"]
    one.ask_again({"a": Attempt(2, 5, "fine", finish=DONE)}, RetryPace(), 0.0)
    release(one, 1.0, 3.0)
    assert [(view.state, view.text) for view in one.views.values()] == [("done", "fine"), ("stopped", "so far")]


def test_the_view_of_an_ended_side_is_not_a_phase() -> None:
    ended = Attempt(1, 1, "x", finish=DONE, n_shown=1, has_ended=True)
    assert ended.view("writing") == SideView("done", "x")


@pytest.mark.parametrize("pace", [FreePace, EqualPace, TogetherPace])
def test_the_wait_is_one_for_both_sides_until_something_of_the_turn_is_shown(
    pace: type[FreePace | EqualPace | TogetherPace],
) -> None:
    one = turn(pace())
    one.asked_s = 0.0
    one.attempts["b"].place = 3
    release(one, 0.0, 2.0)
    assert (one.waited_s(2.0), one.queue_place) == (2.0, 3)
    one.attempts["b"].place = 1
    assert one.release(2.05), "a page sees that its place has changed"
    one.attempts["b"].place = 0
    for attempt in one.attempts.values():
        attempt.text, attempt.finish = "An answer of some length, in one piece.", DONE
    release(one, 2.1, 2.5)
    assert one.waited_s(2.5) == (None if pace is FreePace else 2.5)
    release(one, 2.6, 30.0)
    assert (one.waited_s(30.0), one.queue_place) == (None, None)


def test_after_a_retry_the_wait_is_that_of_the_retried_side() -> None:
    one = turn(FreePace())
    one.attempts["a"].error = "broken"
    one.attempts["b"].text, one.attempts["b"].finish = "whole", DONE
    one.release(5.0)
    assert one.waited_s(5.0) is None
    again = Attempt(2, 5)
    one.ask_again({"a": again}, RetryPace(), 7.0)
    again.text = "x" * 100
    one.release(9.0)
    assert one.waited_s(9.0) == 2.0, "nothing of it is shown before it is complete"
    again.finish = DONE
    release(one, 9.1, 9.3)
    assert one.waited_s(9.3) is None


@pytest.mark.parametrize("side", SIDES)
def test_only_a_side_that_broke_before_any_text_was_shown_has_failed_unseen(side: Side) -> None:
    one = turn(EqualPace())
    failing, other = one.attempts[side], one.attempts["b" if side == "a" else "a"]
    other.text = "Much text, of which nothing is shown before the other side has some."
    failing.text = "Half an"
    release(one, 0.0, 1.0)
    assert not one.has_failed_unseen
    failing.error = "filtered"
    assert not one.has_failed_unseen, "a filter is about the prompt"
    failing.error = "broken"
    assert one.has_failed_unseen
    release(one, 1.1, 5.0)
    assert other.n_shown
    assert not one.has_failed_unseen


def test_a_chat_has_one_side_which_ends_alone() -> None:
    one = Turn("Hi", {"a": Attempt(1, 1)}, FreePace())
    one.attempts["a"].text = "so far"
    one.release(0.1)
    assert look(one) == [("writing", "so far", None, False)]
    one.attempts["a"].finish = DONE
    one.release(0.2)
    assert look(one) == [("done", "so far", None, False)]
    assert one.has_ended
