"""`complete` and `chat`."""

import io
import shutil
import sys
from pathlib import Path

import pytest
import torch

from inference.__main__ import main
from inference.model.checkpoint import weights
from inference.text.chat_template import Message, render
from inference.text.folder import open_tokenizer

Capture = pytest.CaptureFixture[str]


def greedy(path: Path, prompt: list[int], n: int) -> list[int]:
    """Return the greedy answer the slow way: compute the whole text again for each token."""
    model, ids = weights.load(path), list(prompt)
    for _ in range(n):
        ids.append(int(model.forward_full(torch.tensor([ids]))[0, -1].argmax()))
    return ids[len(prompt) :]


def test_complete_continues_a_text(path: Path, capsys: Capture) -> None:
    tokenizer = open_tokenizer(path)
    assert main(["complete", "--model", str(path), "--temperature", "0", "--max-tokens", "30", "the quick"]) == 0
    ids = [tokenizer.bos_id, *tokenizer.encode("the quick")]
    more = tokenizer.decode(ids + greedy(path, ids, 30)).removeprefix("the quick")
    assert capsys.readouterr().out == more + "\n"


def test_complete_reads_standard_input_and_repeats_itself_for_a_seed(
    path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = []
    for seed in ("1", "1", "2"):
        monkeypatch.setattr(sys, "stdin", io.StringIO("the quick"))
        assert main(["complete", "--model", str(path), "--seed", seed, "--max-tokens", "30", "--threads", "1"]) == 0
        answers.append(capsys.readouterr().out)
    assert answers[0] == answers[1] != answers[2]


def test_chat_keeps_the_conversation(path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("the quick\nbrown fox\n"))
    options = ["--temperature", "0", "--max-tokens", "12", "--stop", "9999", "--system", "jump"]
    assert main(["chat", "--model", str(path), *options]) == 0
    tokenizer, messages, said = open_tokenizer(path), [Message("system", "jump")], ""
    for line in ("the quick", "brown fox"):
        messages.append(Message("user", line))
        answer = tokenizer.decode(greedy(path, render(messages, tokenizer), 12))
        messages.append(Message("assistant", answer))
        said += answer + "\n"
    assert capsys.readouterr().out == said


def test_a_chat_template_that_fails_stops_only_chat(
    path: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(path, tmp_path / "copy")
    (folder / "tokenizer_config.json").write_text('{"chat_template": "{{ never ends"}')
    assert main(["complete", "--model", str(folder), "--max-tokens", "3", "the quick"]) == 0
    monkeypatch.setattr(sys, "stdin", io.StringIO("the quick\n"))
    capsys.readouterr()
    assert main(["chat", "--model", str(folder)]) == 1
    assert "--template" in capsys.readouterr().err


def test_chat_skips_empty_lines(path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n \n"))
    assert main(["chat", "--model", str(path)]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("command", ["complete", "chat"])
def test_a_closed_standard_input_is_one_line(
    path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert main([command, "--model", str(path)]) == 1
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "standard input is closed; an open one was expected\n")


def test_an_answer_that_cannot_fit_is_refused(path: Path, capsys: Capture) -> None:
    assert main(["complete", "--model", str(path), "--max-tokens", "300", "x"]) == 1
    assert "length is 300 tokens; the prompt has" in capsys.readouterr().err


def test_max_len_bounds_prompt_and_answer(path: Path, capsys: Capture) -> None:
    assert main(["complete", "--model", str(path), "--max-len", "20", "--max-tokens", "20", "x"]) == 1
    assert "length is 20 tokens; the prompt has" in capsys.readouterr().err


def test_parameters_out_of_range_are_named(path: Path, capsys: Capture) -> None:
    assert main(["complete", "--model", str(path), "--temperature", "3", "x"]) == 1
    assert "temperature is 3.0; a number from 0 to 2 was expected" in capsys.readouterr().err


def test_small_models_run_on_one_thread_by_default(
    path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", asked.append)
    for option in ([], ["--threads", "2"]):
        assert main(["complete", "--model", str(path), "--max-tokens", "1", *option, "x"]) == 0
    assert asked == [1, 2]


def test_an_error_about_the_cache_names_an_option_that_exists(path: Path, capsys: Capture) -> None:
    arguments = ["complete", "--model", str(path), "--max-tokens", "1", "x"]
    assert main([*arguments, "--cache-gb", "0.000001"]) == 1
    assert "raise --cache-gb or lower --max-len" in capsys.readouterr().err
    assert main([*arguments, "--cache-gb", "0.01"]) == 0
