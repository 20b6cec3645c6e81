"""The commands, run in this process; `serve` is in test_server."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from inference.__main__ import main
from inference.model import weights
from inference.model.cache import Chunk, RingCache
from inference.model.transformer import Transformer
from inference.text.chat_template import Message, render
from inference.text.tokenizer import Tokenizer
from tests.fakes import write_model_folder

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model")
    write_model_folder(path, max_seq_len=300)
    return path


def greedy(path: Path, prompt: list[int], n: int) -> list[int]:
    """The slow and plain way: the whole text again for each token."""
    model, ids = weights.load(path), list(prompt)
    for _ in range(n):
        ids.append(int(model.forward_full(torch.tensor([ids]))[0, -1].argmax()))
    return ids[len(prompt) :]


def test_complete_continues_a_text(path: Path, capsys: Capture) -> None:
    tokenizer = Tokenizer.from_folder(path)
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
    tokenizer, messages, said = Tokenizer.from_folder(path), [Message("system", "jump")], ""
    for line in ("the quick", "brown fox"):
        messages.append(Message("user", line))
        answer = tokenizer.decode(greedy(path, render(messages, tokenizer), 12))
        messages.append(Message("assistant", answer))
        said += answer + "\n"
    assert capsys.readouterr().out == said


def test_chat_refuses_an_empty_line(path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n"))
    assert main(["chat", "--model", str(path)]) == 1
    assert "message 0 (user) is empty" in capsys.readouterr().err


@pytest.mark.parametrize("chunk", ["1", "7", "500"])
def test_score_gives_the_log_probabilities_of_the_whole_model(
    path: Path, tmp_path: Path, capsys: Capture, chunk: str
) -> None:
    ids = torch.randint(0, 390, (120,), generator=torch.Generator().manual_seed(3)).tolist()
    (tmp_path / "ids.json").write_text(json.dumps(ids))
    arguments = ["--ids-file", str(tmp_path / "ids.json"), "--chunk-size", chunk, "--dtype", "float32"]
    assert main(["score", "--model", str(path), *arguments]) == 0
    scores = json.loads(capsys.readouterr().out)
    expected = torch.log_softmax(weights.load(path).forward_full(torch.tensor([ids]))[0], -1)
    expected = expected[:-1].gather(1, torch.tensor(ids[1:])[:, None])[:, 0]
    assert list(scores) == ["logprobs"]
    assert torch.allclose(torch.tensor(scores["logprobs"]), expected, atol=1e-5)


def test_score_uses_the_weights_as_they_are_served(
    path: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    step, packed = Transformer.step, list[bool]()

    def watched(model: Transformer, chunks: Sequence[Chunk], cache: RingCache, *, every_token: bool) -> torch.Tensor:
        packed.append(model.is_packed)
        return step(model, chunks, cache, every_token=every_token)

    monkeypatch.setattr(Transformer, "step", watched)
    (tmp_path / "ids.json").write_text("[1, 2, 3]")
    for dtype in ("float32", "bfloat16"):
        assert main(["score", "--model", str(path), "--ids-file", str(tmp_path / "ids.json"), "--dtype", dtype]) == 0
    assert packed == [False, True], "so small a model is packed in bfloat16 only"


@pytest.mark.parametrize("command", ["complete", "chat"])
def test_a_closed_standard_input_is_one_line(
    path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert main([command, "--model", str(path)]) == 1
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "standard input is closed; an open one was expected\n")


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("[1, 2", "is not JSON"),
        pytest.param("[" * 100_000, "is not JSON", id="too deep"),
        ('{"ids": [1]}', "is not a list of whole numbers"),
        ("[1, true]", "is not a list of whole numbers"),
        ("[1, 2.5]", "is not a list of whole numbers"),
        ("[1]", "at least 2"),
        ("[1, 99999]", "99999"),
    ],
)
def test_score_names_what_is_wrong_with_its_ids(
    path: Path, tmp_path: Path, capsys: Capture, content: str, match: str
) -> None:
    (tmp_path / "ids.json").write_text(content)
    assert main(["score", "--model", str(path), "--ids-file", str(tmp_path / "ids.json")]) == 1
    captured = capsys.readouterr()
    assert match in captured.err
    assert (captured.out, captured.err.count("\n")) == ("", 1)


def test_a_missing_file_or_folder_is_one_line(path: Path, tmp_path: Path, capsys: Capture) -> None:
    for arguments in (
        ["score", "--model", str(path), "--ids-file", str(tmp_path / "none.json")],
        ["score", "--model", str(tmp_path / "none"), "--ids-file", str(path / "params.json")],
        ["complete", "--model", str(tmp_path / "none"), "x"],
        ["serve", "--model", f"a={tmp_path / 'none'}"],
    ):
        assert main(arguments) == 1
        captured = capsys.readouterr()
        assert "none" in captured.err
        assert (captured.out, captured.err.count("\n")) == ("", 1)


def test_an_answer_that_cannot_fit_is_refused(path: Path, capsys: Capture) -> None:
    assert main(["complete", "--model", str(path), "--max-tokens", "300", "x"]) == 1
    assert "holds 300 tokens; the prompt has" in capsys.readouterr().err


def test_max_len_bounds_prompt_and_answer(path: Path, capsys: Capture) -> None:
    assert main(["complete", "--model", str(path), "--max-len", "20", "--max-tokens", "20", "x"]) == 1
    assert "holds 20 tokens; the prompt has" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "match"),
    [
        (["c=9"], "--max-len names c, which is not served; served are a, b"),
        (["a=9", "a=8"], "--max-len is given twice for a: 9 and 8; one was expected"),
        (["9", "b=7", "9"], "--max-len is given twice for all others: 9 and 9; one was expected"),
    ],
)
def test_a_max_len_that_is_nobodys_or_two_is_refused(path: Path, capsys: Capture, given: list[str], match: str) -> None:
    models = [f"--model={name}={path}" for name in ("a", "b")]
    assert main(["serve", *models, *(f"--max-len={one}" for one in given)]) == 1
    captured = capsys.readouterr()
    assert match in captured.err
    assert (captured.out, captured.err.count("\n")) == ("", 1)


def test_two_models_of_one_name_are_refused(path: Path, capsys: Capture) -> None:
    assert main(["serve", "--model", f"a={path}", "--model", f"a={path}"]) == 1
    assert "two models are named a" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ([], "COMMAND"),
        (["serve"], "--model"),
        (["serve", "--model", "x"], "'x' is not NAME=DIR"),
        (["serve", "--model", "a=b", "--port", "70000"], "70000 is out of range; 0 to 65535 was expected"),
        (["serve", "--model", "a=b", "--port", "http"], "invalid whole number value: 'http'"),
        (["serve", "--model", "a=b", "--cache-gb", "0"], "0 is out of range; a number above 0"),
        (["serve", "--model", "a=b", "--max-len", "a=1"], "1 is out of range; at least 2 was expected"),
        (["serve", "--model", "a=b", "--max-len", "1"], "1 is out of range; at least 2 was expected"),
        (["serve", "--model", "a=b", "--max-len", "=9"], "'=9' is not [NAME=]N, such as 4096 or tiny=512"),
        (["serve", "--model", "a=b", "--max-len", "a=long"], "'a=long' is not [NAME=]N"),
        (["complete", "--model", "a", "--max-len", "a=9"], "invalid whole number value: 'a=9'"),
        (["serve", "--model", "a=b", "--dtype", "float16"], "'float16' is not [NAME=]D, with D one of float32, bfloat16"),
        (["serve", "--model", "a=b", "--template", "v4"], "invalid choice: 'v4'"),
        (["score", "--model", "a", "--ids-file", "b", "--chunk-size", "0"], "0 is out of range; at least 1"),
    ],
)
def test_a_wrong_argument_is_named(arguments: list[str], match: str, capsys: Capture) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert match in capsys.readouterr().err


def test_parameters_out_of_range_are_named(path: Path, capsys: Capture) -> None:
    assert main(["complete", "--model", str(path), "--temperature", "3", "x"]) == 1
    assert "temperature is 3.0; a number from 0 to 2 was expected" in capsys.readouterr().err


def test_help_comes_without_torch_and_threads_are_told_not_to_spin() -> None:
    code = (
        "import sys, os, contextlib, io\n"
        "from inference.__main__ import main\n"
        "with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()): main(['serve', '--help'])\n"
        "main(['serve', '--model', 'a=/nowhere'])\n"
        "print('torch' in sys.modules, os.environ['GOMP_SPINCOUNT'])"
    )
    environment = {name: value for name, value in os.environ.items() if name != "GOMP_SPINCOUNT"}
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True, timeout=60
    )
    assert run.stdout == "False 0\n"


def test_small_models_run_on_one_thread_unless_told_otherwise(
    path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", asked.append)
    for option in ([], ["--threads", "2"]):
        assert main(["complete", "--model", str(path), "--max-tokens", "1", *option, "x"]) == 0
    assert asked == [1, 2]
