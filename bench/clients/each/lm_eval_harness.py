"""lm-evaluation-harness through the server, beside its own `hf` model on the same weights in float32.

One task of multiple choice and one of generated answers, from the data below. Log-likelihoods must agree within 1e-4,
and texts must be equal.
"""

import functools
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import lm_eval
from lm_eval.tasks import TaskManager

from bench.clients.checking import Server

_NEAR = 1e-4
_CHOICES = (
    ("What is 17 plus 25?", ("42", "41", "24", "52"), 0),
    ("What is 9 minus 4?", ("6", "5", "4", "13"), 1),
    ("What is 6 times 7?", ("13", "36", "42", "48"), 2),
    ("What is the capital of Japan?", ("Seoul", "Paris", "London", "Tokyo"), 3),
    ("What is the capital of France?", ("Rome", "Paris", "Berlin", "Tokyo"), 1),
    ("Which is larger, 12 or 21?", ("12", "21"), 1),
    ("일본의 수도는 어디인가요?", ("서울", "도쿄", "파리"), 1),
    ("How many letters are in the word garden?", ("six", "five", "seven", "eight"), 0),
)
_ANSWERS = (
    ("What is 17 plus 25?", "42"),
    ("What is 30 minus 12?", "18"),
    ("What is the capital of Italy?", "Rome"),
    ("Spell the word cat.", "c-a-t"),
    ("한국의 수도는?", "서울"),
)


def _write_tasks(folder: Path) -> Path:
    """Write both tasks and their data, and return the folder for `include_path`."""
    folder.mkdir(exist_ok=True)
    choices = [{"question": asked, "choices": given, "answer": right} for asked, given, right in _CHOICES]
    answers = [{"question": asked, "answer": right} for asked, right in _ANSWERS]
    shared = {"dataset_path": "json", "test_split": "test", "doc_to_text": "{{question}}"}
    tasks: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {
        "ours_choice": (
            choices,
            {
                "output_type": "multiple_choice",
                "doc_to_choice": "choices",
                "doc_to_target": "answer",
                "metric_list": [{"metric": "acc"}, {"metric": "acc_norm"}],
            },
        ),
        "ours_answer": (
            answers,
            {
                "output_type": "generate_until",
                "doc_to_target": "answer",
                "generation_kwargs": {"until": ["\n"], "max_gen_toks": 24, "do_sample": False, "temperature": 0},
                "metric_list": [{"metric": "exact_match"}],
            },
        ),
    }
    for name, (documents, config) in tasks.items():
        data = folder / f"{name}.jsonl"
        data.write_text("".join(json.dumps(one) + "\n" for one in documents))
        found = {"task": name, "dataset_kwargs": {"data_files": {"test": str(data)}}, **shared, **config}
        (folder / f"{name}.yaml").write_text(json.dumps(found))  # JSON is YAML
    return folder


def _responses(
    model: str,
    arguments: dict[str, Any],
    folder: Path,
    tasks: Sequence[str] = ("ours_choice", "ours_answer"),
    **more: Any,
) -> dict[str, list[Any]]:
    """Return the model's answers to each document of each task."""
    found: Any = lm_eval.simple_evaluate(
        model=model,
        model_args=arguments,
        tasks=list(tasks),
        task_manager=TaskManager(include_path=str(folder), include_defaults=False),
        log_samples=True,
        bootstrap_iters=0,
        batch_size=1,
        device="cpu",
        **more,
    )
    return {
        name: [sample["resps"] for sample in sorted(samples, key=lambda one: one["doc_id"])]
        for name, samples in found["samples"].items()
    }


@functools.cache
def _expected(folder: str, has_bos: bool) -> dict[str, list[Any]]:
    """Return what lm-evaluation-harness finds with transformers."""
    arguments = {"pretrained": folder, "dtype": "float32", "add_bos_token": has_bos}
    return _responses("hf", arguments, _write_tasks(Path("tasks")))


def _compare(server: Server, *, has_bos: bool, **arguments: Any) -> None:
    fields = {
        "base_url": f"{server.url}/models/{server.hugging_face}/v1/completions",
        "model": server.hugging_face,
        "max_retries": 1,
        "add_bos_token": has_bos,
        "tokenized_requests": True,
    }
    expected = _expected(server.folder, has_bos)
    found = _responses("local-completions", fields | arguments, _write_tasks(Path("tasks")))
    ours, theirs = ([_text(one) for one in answers["ours_answer"]] for answers in (found, expected))
    assert ours == theirs, (ours, theirs)
    pairs = [
        (ours, theirs)
        for ours_of, theirs_of in zip(found["ours_choice"], expected["ours_choice"], strict=True)
        for (ours,), (theirs,) in zip(ours_of, theirs_of, strict=True)
    ]
    assert len(pairs) == sum(len(given) for _, given, _ in _CHOICES)
    worst = max(abs(float(ours[0]) - float(theirs[0])) for ours, theirs in pairs)
    print(f"{len(pairs)} log-likelihoods, largest difference {worst:.1e}")
    assert worst <= _NEAR, worst
    assert all(bool(ours[1]) == bool(theirs[1]) for ours, theirs in pairs), "which choices are greedy"


def _text(responses: Any) -> str:
    """Return the generated text without a first space: `hf` decodes the new ids alone, which loses it."""
    ((text,),) = responses
    return str(text).removeprefix(" ")


def equal_with_the_tokenizer_of_the_folder(server: Server) -> None:
    _compare(server, has_bos=True, tokenizer=server.folder, tokenizer_backend="huggingface")


def equal_with_two_requests_at_once(server: Server) -> None:
    _compare(server, has_bos=True, tokenizer=server.folder, tokenizer_backend="huggingface", num_concurrent=2)


def equal_with_the_tokenizer_of_the_server(server: Server) -> None:
    """lm-evaluation-harness asks the server's /tokenize without special tokens, so there is no BOS."""
    _compare(server, has_bos=False, tokenizer_backend="remote")


def chat_with_earlier_turns(server: Server) -> None:
    """`hf` has no chat template for these weights, so this looks only at whether there are answers."""
    arguments = {"base_url": f"{server.v1}/chat/completions", "model": server.hugging_face, "max_retries": 1}
    found = _responses(
        "local-chat-completions",
        arguments,
        _write_tasks(Path("tasks")),
        ["ours_answer"],
        apply_chat_template=True,
        num_fewshot=2,
        fewshot_as_multiturn=True,
        system_instruction="Be brief.",
    )
    assert any(_text(one) for one in found["ours_answer"]), found


os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
CHECKS = (
    equal_with_the_tokenizer_of_the_folder,
    equal_with_two_requests_at_once,
    equal_with_the_tokenizer_of_the_server,
    chat_with_earlier_turns,
)
