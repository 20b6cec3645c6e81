import pytest

from db import queries
from db.codes import BattleKind, State
from db.errors import AlreadyDealt, NoSuchModel, NoSuchPrompt, NotAllowedNow
from db.queries import DeckAnswer, DeckPrompt, NewBattle
from db.queries.decks.prompts import deck_key
from db.session import Database
from tests.db.building import PROMPT, add_models, votable, votable_quick


def test_a_key_is_made_from_deck_and_text_alone() -> None:
    # The first 16 digits of `printf 'starter\0Name a tree.' | sha256sum`.
    assert deck_key(PROMPT) == "504e3ac6676dd00a"
    assert deck_key(DeckPrompt("starter", "Name a tree.")) == deck_key(PROMPT)
    assert deck_key(DeckPrompt("other", "Name a tree.")) != deck_key(PROMPT)


def test_a_prompt_is_added_once_and_updated(database: Database) -> None:
    with database.write() as tx:
        key = votable_quick(tx)
        assert queries.add_deck_prompt(tx, DeckPrompt(PROMPT.deck, PROMPT.text, ("new",), "ko")) == deck_key(PROMPT)
        changed = queries.get_battle(tx, key).deck_prompt
    assert changed == DeckPrompt(PROMPT.deck, PROMPT.text, ("new",), "ko")


def test_a_quick_battle_is_votable_at_once_and_shows_the_two_prepared_answers(database: Database) -> None:
    with database.write() as tx:
        votable_quick(tx, ("cedar", "dogwood"), "bo")
        battle = queries.get_battle(tx, votable_quick(tx))
    assert battle.state == State.VOTABLE
    assert battle.turns == ()
    assert battle.deck_prompt == PROMPT
    assert battle.deck_answers == tuple(
        DeckAnswer(model, f"{model} it is", 3, "stop", 4, 5, "f00d") for model in ("ash", "birch")
    )


def test_an_answer_is_replaced(database: Database) -> None:
    with database.write() as tx:
        battle_id = votable_quick(tx)
        queries.save_deck_answer(tx, deck_key(PROMPT), DeckAnswer("ash", "Better now"))
        assert queries.get_battle(tx, battle_id).deck_answers[0] == DeckAnswer("ash", "Better now")


def test_a_visitor_gets_a_prompt_once(database: Database) -> None:
    with database.write() as tx:
        votable_quick(tx)
        votable_quick(tx, visitor="bo")
    with pytest.raises(AlreadyDealt, match="deal another one"), database.write() as tx:
        votable_quick(tx, ("cedar", "dogwood"))


def test_a_prompt_must_be_there_and_answered_by_both(database: Database) -> None:
    with database.write() as tx:
        add_models(tx)
        key = queries.add_deck_prompt(tx, PROMPT)
        queries.save_deck_answer(tx, key, DeckAnswer("ash", "x"))
    quick = NewBattle("ann", "ash", "birch", None, BattleKind.QUICK, deck_prompt=key)
    with pytest.raises(NotAllowedNow, match="model 'birch' has no answer to the prepared prompt"):
        with database.write() as tx:
            queries.open_battle(tx, quick, now=1.0)
    with pytest.raises(NoSuchPrompt, match="'abc'"), database.write() as tx:
        queries.save_deck_answer(tx, "abc", DeckAnswer("ash", "x"))
    with pytest.raises(NoSuchModel, match="'oak'"), database.write() as tx:
        queries.save_deck_answer(tx, key, DeckAnswer("oak", "x"))


def test_a_quick_battle_takes_no_turn(database: Database) -> None:
    with pytest.raises(NotAllowedNow, match="its prompt and answers come from its deck"), database.write() as tx:
        queries.add_turn(tx, votable_quick(tx), "And another?")
    with database.write() as tx:
        assert queries.add_turn(tx, votable(tx), "And another?") == 2
