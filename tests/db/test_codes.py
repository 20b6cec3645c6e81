import pytest

from db.codes import STANDING_REASONS, BattleKind, Reason, State


def test_a_label_leads_back_to_its_member() -> None:
    for enumeration in (BattleKind, State, Reason):
        for member in enumeration:
            assert enumeration.parse(member.label) is member
    assert Reason.IDENTICAL_ANSWERS.label == "identical_answers"


def test_an_unknown_label_is_an_error_that_names_all() -> None:
    with pytest.raises(ValueError, match="kind 'duel' is not one of battle, quick, control, named, chat"):
        BattleKind.parse("duel")


def test_numbers_are_those_in_every_database() -> None:
    assert [kind.label for kind in sorted(BattleKind)] == ["battle", "quick", "control", "named", "chat"]
    assert [state.label for state in sorted(State)] == ["open", "votable", "voted", "void"]
    assert (Reason.FAILED_SIDE, Reason.BANNED, Reason.WITHDRAWN, Reason.UNUSUAL_VOTER) == (0, 9, 10, 11)
    assert {Reason.BANNED, Reason.WITHDRAWN, Reason.UNUSUAL_VOTER} == STANDING_REASONS
