import pytest

from db import queries
from db.codes import BattleKind, Side, State
from db.errors import NotAllowedNow, NotYours
from db.queries import AnswerRecord, NewBattle, StyleCounts
from db.session import Database
from tests.db.building import PROMPT, SETTINGS, add_models, votable, votable_quick

NEW = NewBattle("ann", "cedar", "dogwood", SETTINGS, draw_probability=0.5)


def test_a_battle_is_replaced_by_another_pair_with_the_same_prompt(database: Database) -> None:
    with database.write() as tx:
        add_models(tx)
        old = queries.open_battle(tx, NewBattle("ann", "ash", "birch", SETTINGS, draw_probability=0.25), now=5.0)
        queries.add_turn(tx, old, "Hi", now=5.0)
        broken = AnswerRecord(Side.A, 1, "", error="timed_out")
        new = queries.replace_battle(tx, old, NEW, "Hi", answers=[broken], now=6.0)
        gone, battle = queries.get_battle(tx, old), queries.get_battle(tx, new)
        assert (gone.state, gone.closed_at, gone.replaced_by) == (State.VOID, 6.0, new)
        assert gone.turns[0].answers == (broken,)
        assert (battle.state, battle.model_a, battle.draw_probability) == (State.OPEN, "cedar", 0.5)
        assert [(turn.prompt, turn.asked_at) for turn in battle.turns] == [("Hi", 6.0)]
        assert queries.current_battle(tx, "ann") == new


def test_only_the_visitors_own_first_turn_can_be_replaced(database: Database) -> None:
    with database.write() as tx:
        battle_id = votable(tx)
        with pytest.raises(NotYours):
            queries.replace_battle(tx, battle_id, NewBattle("bo", "cedar", "ash", None), "Hi", answers=(), now=6.0)
        queries.add_turn(tx, battle_id, "More")
        with pytest.raises(NotAllowedNow, match="has 2 turns; only a first turn can be replaced"):
            queries.replace_battle(tx, battle_id, NEW, "Hi", answers=(), now=6.0)
        ended = votable(tx)
        queries.set_battle_state(tx, ended, State.VOID, now=6.0)
        with pytest.raises(NotAllowedNow, match="is void and can no longer be replaced"):
            queries.replace_battle(tx, ended, NEW, "Hi", answers=(), now=6.0)


def test_turns_characters_and_style_are_counted_as_they_come(database: Database) -> None:
    with database.write() as tx:
        add_models(tx)
        tagged = queries.open_battle(tx, NewBattle("ann", "ash", "birch", None, tags=("code",)), now=5.0)
        assert queries.get_battle(tx, tagged).n_turns == 0
        queries.add_turn(tx, tagged, "그리고?", tags=("long", "code"), language="ko")
        queries.add_turn(tx, tagged, "And \ud83d\ude00?", language="en")
        text = "# A\n- **b** \ud83d\ude00"
        queries.save_answer(tx, tagged, 2, AnswerRecord(Side.A, 1, text))
        battle = queries.get_battle(tx, tagged)
        assert (battle.n_turns, battle.prompt_chars, battle.tags) == (2, 4 + 6, ("code", "long"))
        assert battle.language == "ko", "the first that could be told"
        assert battle.turns[1].answers[0].style == StyleCounts(13, 1, 1, 1)
        quick = queries.get_battle(tx, votable_quick(tx))
        assert quick.kind == BattleKind.QUICK
        assert (quick.n_turns, quick.prompt_chars, quick.tags) == (1, len(PROMPT.text), PROMPT.tags)
