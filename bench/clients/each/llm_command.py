"""`llm`, the command line for models, with its file of further models."""

import os
from pathlib import Path

from click.testing import CliRunner
from llm.cli import cli

from bench.clients.checking import Server


def _llm(*arguments: str) -> str:
    """Run `llm` as its script does, but in this process, and return what it prints."""
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 0, f"{done.output}{done.exception}"
    return done.stdout


def _pointed(server: Server) -> None:
    """Write the file that names the server, as its documentation shows it."""
    folder = Path.home() / "llm"
    folder.mkdir(exist_ok=True)
    os.environ["LLM_USER_PATH"] = str(folder)
    (folder / "extra-openai-models.yaml").write_text(
        f"""- model_id: wren
  model_name: {server.model}
  api_base: "{server.v1}"
- model_id: wren-text
  model_name: {server.model}
  api_base: "{server.v1}"
  completion: true
"""
    )


def models(server: Server) -> None:
    _pointed(server)
    assert "wren-text" in _llm("models")


def prompt(server: Server) -> None:
    _pointed(server)
    assert _llm("-m", "wren", "What is 17 plus 25?").strip()


def prompt_without_a_stream(server: Server) -> None:
    _pointed(server)
    asked = ("-m", "wren", "What is 17 plus 25?", "-o", "temperature", "0")
    assert _llm(*asked, "--no-stream") == _llm(*asked)


def system_prompt_and_options(server: Server) -> None:
    _pointed(server)
    options = {"temperature": "0.5", "max_tokens": "24", "top_p": "0.9", "seed": "7", "presence_penalty": "0"}
    named = [part for name, value in options.items() for part in ("-o", name, value)]
    assert _llm("-m", "wren", "-s", "Be brief.", *named, "What is 17 plus 25?").strip()


def continued_conversation(server: Server) -> None:
    _pointed(server)
    assert _llm("-m", "wren", "What is 17 plus 25?").strip()
    assert _llm("-c", "And 3 plus 4?").strip()


def text_completion(server: Server) -> None:
    _pointed(server)
    assert _llm("-m", "wren-text", "The capital of Japan is", "-o", "max_tokens", "8").strip()


CHECKS = (models, prompt, prompt_without_a_stream, system_prompt_and_options, continued_conversation, text_completion)
