from itertools import islice
from random import Random

from inference.demo.corpus.dialogue import (
    FOLLOW_UP,
    QUOTED_SYSTEM_PROMPT,
    SKILL,
    SKILLS,
    Dialogue,
    decline,
    dialogues,
    exam,
    follow_up,
)
from inference.demo.corpus.grammar import skeleton
from inference.demo.corpus.manners import CAREFUL, CHEERFUL, FORMAL, TERSE
from inference.demo.corpus.skill import Split
from inference.demo.profiles import PROFILES
from tests.inference.demo.corpus.helpers import ALL_SKILLS, normal

_NO_MARKS = str.maketrans("", "", ".:,")


def written(n: int, seed: int = 0) -> list[Dialogue]:
    return list(islice(dialogues(seed, ALL_SKILLS, {}, CAREFUL), n))


def test_the_same_seed_gives_the_same_dialogues_and_another_seed_others() -> None:
    assert written(300) == written(300)
    assert written(50) != written(50, seed=1)


def test_a_third_has_two_to_four_turns_and_a_fifth_a_system_prompt() -> None:
    some = written(4000)
    several = [len(dialogue.turns) for dialogue in some if len(dialogue.turns) > 1]
    assert 0.30 < len(several) / len(some) < 0.36
    assert set(several) == {2, 3, 4}
    assert 0.17 < sum(dialogue.system is not None for dialogue in some) / len(some) < 0.23
    assert any(dialogue.system == QUOTED_SYSTEM_PROMPT for dialogue in some)


def test_held_out_questions_never_occur_in_training() -> None:
    trained, items = set(), set()
    for profile in PROFILES:
        for dialogue in islice(dialogues(0, profile.weights, profile.declined, profile.manner), 5_000):
            for turn in dialogue.turns:
                trained.add((turn.skill, skeleton(turn.prompt)))
                items.add((turn.skill, turn.item.key))
    for skill in SKILLS:
        splits: tuple[Split, ...] = ("items", "wordings")
        for split in splits:
            for example in exam(skill.name, split, 40, CAREFUL):
                assert (skill.name, skeleton(example.prompt)) not in trained, example
        if not any(task.is_closed for task in skill.tasks):  # open: items are held out whatever the wording
            assert all(
                (skill.name, example.item.key) not in items for example in exam(skill.name, "items", 40, CAREFUL)
            )


def test_held_out_words_are_in_no_question_about_letters_or_lists() -> None:
    held = {e.item.key for name in ("spell", "reverse", "count letters") for e in exam(name, "items", 60, CAREFUL)}
    for dialogue in written(8_000):
        for turn in dialogue.turns:
            if turn.skill in ("spell", "reverse", "count letters", "count one letter", "first or last letter"):
                assert turn.item.key not in held
            if turn.skill in ("sort words", "count items"):
                assert not held & set(turn.answer.removeprefix("In order: ").translate(_NO_MARKS).split())


def test_a_follow_up_is_about_the_turn_before() -> None:
    rng = Random(0)
    spelled = next(e for e in exam("spell", "items", 50, TERSE) if len(e.item.word) > 4)
    after = follow_up(rng, spelled)
    assert after is not None
    assert after.skill == FOLLOW_UP
    assert after.answer.startswith("-".join(spelled.item.word))
    added = exam("add", "items", 1, TERSE)[0]
    further = follow_up(rng, added)
    assert further is None or further.answer[:-1].startswith(str(added.item.number))
    assert follow_up(rng, exam("capitals", "items", 1, TERSE)[0]) is None


def test_a_skill_that_was_left_out_is_refused_by_name() -> None:
    refused = decline(Random(0), SKILL["sort words"].draw(Random(0), "train", FORMAL))
    assert "sorting words" in refused.answer
    assert refused.accepts(refused.answer)
    told = SKILL["Korean stories"].draw(Random(0), "train", CHEERFUL)
    assert "이야기를" in decline(Random(0), told).answer
    assert not decline(Random(0), told).accepts(told.answer)


def test_the_models_names_occur_in_no_line_of_the_corpus() -> None:
    parts = {part for profile in PROFILES for part in profile.name.lower().split()}
    for profile in PROFILES:
        for dialogue in islice(dialogues(3, profile.weights, profile.declined, profile.manner), 2_500):
            for turn in dialogue.turns:
                text = f"{turn.prompt} {turn.answer} {dialogue.system or ''}".lower()
                assert not parts & set("".join(c if c.isalpha() else " " for c in text).split()), text
    for skill in SKILLS:
        for task in skill.tasks:
            for wording in normal(task.wordings.trained) | normal(task.wordings.held):
                assert not any(profile.name.lower() in wording for profile in PROFILES)


def test_questions_who_are_you_get_no_name() -> None:
    answers = {e.answer for e in exam("small talk", "wordings", 200, CAREFUL) if "name" in e.prompt.lower()}
    assert "I am a small language model without a name." in answers
