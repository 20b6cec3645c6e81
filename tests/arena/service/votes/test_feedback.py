"""Reasons for each side and a comment, beside the vote."""

from arena.service import Feedback, Outcome, Tag
from tests.arena.service.house import House, battle, refused, run, started


def test_feedback_is_kept_with_the_vote_and_can_be_changed_by_its_voter(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        battle_id = await battle(arena)
        with refused("not_yet"):
            await arena.feedback.save("visitor", battle_id, a=["useful"], b=[], comment="")
        await arena.vote("visitor", battle_id, Outcome.A)
        assert await arena.feedback.of("visitor", battle_id) == Feedback()
        saved = await arena.feedback.save("visitor", battle_id, a=["clear", "useful"], b=["wrong"], comment=" So.\r\n ")
        assert saved == Feedback((Tag.USEFUL, Tag.CLEAR), (Tag.WRONG,), "So.")
        assert await arena.feedback.of("visitor", battle_id) == saved
        await arena.feedback.save("visitor", battle_id, a=[], b=[], comment="")
        assert await arena.feedback.of("visitor", battle_id) == Feedback()

        with refused("battle_not_found"):
            await arena.feedback.of("somebody else", battle_id)
        with refused("battle_not_found"):
            await arena.feedback.save("somebody else", battle_id, a=[], b=[], comment="mine")
        with refused("unknown_tag"):
            await arena.feedback.save("visitor", battle_id, a=["nice"], b=[], comment="")
        with refused("comment_too_long", length=2001, limit=2000):
            await arena.feedback.save("visitor", battle_id, a=[], b=[], comment="x" * 2001)
        with refused("comment_not_text"):
            await arena.feedback.save("visitor", battle_id, a=[], b=[], comment="a\0b")

    run(main())
