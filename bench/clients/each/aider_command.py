"""aider, the pair programmer: its own main program, with its prompts, its example turns and its continued answers."""

import json
import os
from pathlib import Path
from typing import Any

from aider.main import main
from prompt_toolkit.input import DummyInput
from prompt_toolkit.output import DummyOutput

from bench.clients.checking import Server

_QUIET = (
    "--no-git",
    "--yes-always",
    "--analytics-disable",
    "--no-check-update",
    "--no-show-model-warnings",
    "--no-show-release-notes",
    "--no-pretty",
    "--no-fancy-input",
    "--no-detect-urls",
    "--no-suggest-shell-commands",
)


def _coder(server: Server, model: str, *arguments: str, max_tokens: int | None = None) -> Any:
    """Return aider as its command line sets it up. `max_tokens` is its own setting for a model."""
    extra = [] if max_tokens is None else [{"name": f"openai/{model}", "extra_params": {"max_tokens": max_tokens}}]
    settings = Path("settings.yml")
    settings.write_text(json.dumps(extra))
    metadata = Path("metadata.json")
    facts = {"max_input_tokens": 100_000, "max_output_tokens": 4096, "supports_assistant_prefill": True}
    metadata.write_text(json.dumps({f"openai/{model}": facts | {"litellm_provider": "openai", "mode": "chat"}}))
    pointed = ["--model", f"openai/{model}", "--openai-api-base", server.v1, "--openai-api-key", "none"]
    files = ["--model-settings-file", str(settings), "--model-metadata-file", str(metadata)]
    coder = main([*pointed, *files, *_QUIET, *arguments], input=DummyInput(), output=DummyOutput(), return_coder=True)
    assert coder is not None, "aider did not start"
    return coder


def _answered(coder: Any, text: str) -> str:
    coder.run(with_message=text)
    answer: str = coder.partial_response_content or coder.multi_response_content
    assert answer, "aider got no answer; its error is above"
    assert coder.num_exhausted_context_windows == 0
    assert coder.total_tokens_received > 0
    return answer


def ask_and_ask_again(server: Server) -> None:
    coder = _coder(server, server.model, "--chat-mode", "ask")
    _answered(coder, "What is 17 plus 25?")
    _answered(coder, "And 3 plus 4?")
    assert [message["role"] for message in coder.done_messages + coder.cur_messages].count("assistant") == 2


def ask_without_a_stream(server: Server) -> None:
    _answered(_coder(server, server.model, "--chat-mode", "ask", "--no-stream"), "What is 17 plus 25?")


def edit_a_file(server: Server) -> None:
    Path("hello.py").write_text('print("hello")\n')
    coder = _coder(server, server.long, "--edit-format", "diff", "hello.py", max_tokens=32)
    coder.main_model.info["supports_assistant_prefill"] = False  # this model answers noise without end
    coder.max_reflections = 0
    coder.run(with_message="Say good-bye, too.")
    assert coder.num_exhausted_context_windows == 1, "the answer ends at its limit"


def answer_that_is_continued(server: Server) -> None:
    """An answer that ends at the limit is sent back with prefix true until it is complete."""
    whole = _answered(_coder(server, server.model, "--chat-mode", "ask"), "What is 17 plus 25?")
    coder = _coder(server, server.model, "--chat-mode", "ask", max_tokens=4)
    coder.run(with_message="What is 17 plus 25?")
    (answer,) = [message["content"] for message in coder.cur_messages if message["role"] == "assistant"]
    assert answer.strip() == whole.strip(), (answer, whole)


os.environ.setdefault("TERM", "dumb")
CHECKS = (ask_and_ask_again, ask_without_a_stream, edit_a_file, answer_that_is_continued)
