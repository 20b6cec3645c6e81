from db import queries
from db.codes import BattleKind, Side, State
from db.queries import AnswerRecord, NewBattle, Recent, Withdrawals
from db.session import Database
from tests.db.building import add_models, fight, votable, votable_quick, vote


def _named(kind: BattleKind) -> NewBattle:
    return NewBattle("ann", "ash", None if kind == BattleKind.CHAT else "birch", None, kind)


def test_named_pages_count_from_when_each_prompt_was_sent(database: Database) -> None:
    with database.write() as tx:
        add_models(tx)
        for kind in (BattleKind.NAMED, BattleKind.CHAT, BattleKind.BATTLE):
            battle_id = queries.open_battle(tx, _named(kind), now=100.0)
            queries.add_turn(tx, battle_id, f"{kind.label} 1", now=100.0)
            queries.add_turn(tx, battle_id, f"{kind.label} 2", now=200.0)
        old = queries.open_battle(tx, _named(BattleKind.CHAT), now=150.0)
        queries.add_turn(tx, old, "of an older arena")
        assert queries.named_prompts(tx, "ann", since=150.0) == {"named 2", "chat 2", "of an older arena"}
        assert queries.named_prompts(tx, "ann", since=150.5) == {"named 2", "chat 2"}
        assert len(queries.named_prompts(tx, "ann", since=100.0)) == 5
        assert queries.named_prompts(tx, "bo", since=0.0) == frozenset()


def test_a_named_battle_and_a_chat_are_found_by_their_kind(database: Database) -> None:
    with database.write() as tx:
        add_models(tx)
        ids = {kind: queries.open_battle(tx, _named(kind), now=5.0) for kind in (BattleKind.NAMED, BattleKind.CHAT)}
        for kind, battle_id in ids.items():
            assert queries.current_battle(tx, "ann", [kind]) == battle_id
            assert queries.add_turn(tx, battle_id, "Hi", now=5.0) == 1
            queries.save_answer(tx, battle_id, 1, AnswerRecord(Side.A, 1, "Ho"))
            queries.set_battle_state(tx, battle_id, State.VOTABLE, now=6.0)
            assert queries.get_battle(tx, battle_id).kind == kind
        assert queries.current_battle(tx, "ann") is None


def test_a_battle_and_its_replacement_are_one_battle_in_the_limits(database: Database) -> None:
    with database.write() as tx:
        add_models(tx)
        new = NewBattle("ann", "ash", "birch", None, address="cafe")
        old = queries.open_battle(tx, new, now=5.0)
        queries.add_turn(tx, old, "Hi", now=5.0)
        queries.replace_battle(tx, old, new, "Hi", answers=(), now=6.0)
        assert queries.count_recent(tx, visitor="ann", address="cafe", since=5.0) == Recent(1, 0, 1)


def test_quick_battles_and_all_others_are_counted_apart(database: Database) -> None:
    with database.write() as tx:
        fight(tx)
        vote(tx, votable_quick(tx))
        for is_quick, n_near in ((False, 1), (True, 0)):
            recent = queries.count_recent(tx, visitor="ann", address="cafe", since=5.0, is_quick=is_quick)
            assert recent == Recent(1, 1, n_near)


def test_withdrawals_are_counted_lately_and_in_total(database: Database) -> None:
    with database.write() as tx:
        assert queries.withdrawals(tx, "ann", since=0.0) == Withdrawals(0, 0, 0)
        for now in (20.0, 30.0):
            queries.withdraw_vote(tx, fight(tx), visitor="ann", reason="misread", now=now)
        vote(tx, votable(tx))
        fight(tx, visitor="bo")
        assert queries.withdrawals(tx, "ann", since=30.0) == Withdrawals(recent=1, total=2, votes=3)
