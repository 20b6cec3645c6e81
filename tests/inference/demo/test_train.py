from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch

from inference.demo.corpus.dialogue import Dialogue, dialogues
from inference.demo.corpus.manners import CHEERFUL
from inference.demo.profiles import PROFILES
from inference.demo.train import ROW_TOKENS, TrainingReport, layout, rows, targets, train
from inference.demo.vocabulary import train_tokenizer
from inference.text.chat_template import Message, render
from inference.text.folder import open_tokenizer
from inference.text.tokenizer import Tokenizer
from tests.inference.demo.corpus.helpers import ALL_SKILLS


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    folder: Path = tmp_path_factory.mktemp("tokenizer")
    (folder / "tokenizer.model").write_bytes(train_tokenizer())
    return open_tokenizer(folder)


def some_dialogues(n: int) -> list[Dialogue]:
    return list(islice(dialogues(0, ALL_SKILLS, {}, CHEERFUL), n))


def test_ids_follow_the_v3_rule_written_out_by_hand(tokenizer: Tokenizer) -> None:
    """BOS once; then 3, the text, 4, the answer, EOS = 2; the system prompt and a blank line before the last prompt."""
    for dialogue in some_dialogues(200):
        expected = [1]
        for i, turn in enumerate(dialogue.turns):
            is_last = i == len(dialogue.turns) - 1
            said = f"{dialogue.system}\n\n{turn.prompt}" if dialogue.system and is_last else turn.prompt
            expected += [3, *tokenizer.encode(said), 4, *tokenizer.encode(turn.answer), 2]
        assert layout(dialogue, tokenizer) == expected


def test_a_training_row_begins_as_the_server_renders_it(tokenizer: Tokenizer) -> None:
    dialogue = next(d for d in some_dialogues(200) if d.system and len(d.turns) == 1)
    messages = [Message("system", dialogue.system or ""), Message("user", dialogue.turns[0].prompt)]
    prompt = render(messages, tokenizer)
    assert layout(dialogue, tokenizer)[: len(prompt)] == prompt


def test_only_answers_and_their_end_have_a_loss(tokenizer: Tokenizer) -> None:
    for dialogue in some_dialogues(100):
        ids = layout(dialogue, tokenizer)
        wanted = targets(ids, tokenizer)
        learned = [token for token in wanted if token >= 0]
        assert learned == [t for turn in dialogue.turns for t in (*tokenizer.encode(turn.answer), tokenizer.eos_id)]
        assert all(w in (-100, following) for w, following in zip(wanted, ids[1:], strict=False))


def test_rows_have_full_dialogues_and_little_padding(tokenizer: Tokenizer) -> None:
    made = list(islice(rows(iter(some_dialogues(3000)), tokenizer), 200))
    assert all(len(ids) == len(wanted) == ROW_TOKENS for ids, wanted in made)
    assert all(ids[0] == tokenizer.bos_id for ids, _ in made)
    padding = sum(ROW_TOKENS - len("".join(map(chr, ids)).rstrip("\x02")) for ids, _ in made)
    assert padding < 0.1 * ROW_TOKENS * len(made)


def test_a_short_training_lowers_the_loss_and_repeats_itself(
    tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")  # no compiler: the plain path, which starts at once
    profile = replace(PROFILES[-1], dim=32, n_layers=1, hidden_dim=64)
    seen: list[list[TrainingReport]] = [[], []]
    models = [train(profile, tokenizer, report=seen[i].append, n_tokens=25 * 24 * 192) for i in (0, 1)]
    assert seen[0][-1].step == seen[0][-1].n_steps == 25
    assert seen[0][-1].loss < 6.0  # ln(1139) = 7.04 at the start
    first, second = (model.state_dict() for model in models)
    assert all(torch.equal(first[name], second[name]) for name in first)
