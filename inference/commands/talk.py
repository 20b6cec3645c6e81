"""`complete` and `chat`: use one model in the terminal, without a server."""

import argparse
import sys
from typing import TYPE_CHECKING

from inference.commands.options import (
    Commands,
    add_cache_gb,
    add_computing,
    add_folder,
    add_max_len,
    add_template,
    open_stdin,
    prepare_torch,
    whole,
)
from inference.engine.request import Request, SamplingParams, room
from inference.folder import ModelFolder, locate, open_folder
from inference.text.chat_template import ChatError, Message, render

if TYPE_CHECKING:
    from inference.engine.engine import Engine


def add(commands: Commands) -> None:
    complete = commands.add_parser("complete", help="continue a text")
    complete.add_argument("prompt", nargs="?", help="the text (default: standard input)")
    add_folder(complete)
    _add_sampling(complete)
    add_max_len(complete)
    add_cache_gb(complete)
    add_computing(complete)
    complete.set_defaults(run=_complete, template="none")  # a text has no turns

    chat = commands.add_parser("chat", help="talk to a model, one line for each turn")
    chat.add_argument("--system", help="system prompt")
    add_folder(chat)
    _add_sampling(chat)
    add_max_len(chat)
    add_cache_gb(chat)
    add_computing(chat)
    add_template(chat)
    chat.set_defaults(run=_chat)


def _add_sampling(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--max-tokens", type=whole(1, None), default=256, metavar="N", help="tokens of an answer (default %(default)s)"
    )
    parser.add_argument(
        "--temperature", type=float, default=0.7, help="0 always takes the likeliest token (default %(default)s)"
    )
    parser.add_argument(
        "--top-p",
        type=float,
        default=1.0,
        help="draw from the likeliest tokens with this much of the probability (default %(default)s)",
    )
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same answer (default %(default)s)")
    parser.add_argument(
        "--stop",
        action="append",
        default=[],
        metavar="TEXT",
        help="end the answer before this text; may be given several times",
    )


def _load_one(args: argparse.Namespace) -> tuple[ModelFolder, "Engine"]:
    folder = open_folder(locate(args.model), template=args.template)
    computing = prepare_torch(args, folder.config)
    from inference.engine.loading import load_models

    max_len = {} if args.max_len is None else {"model": args.max_len}
    dtypes = {} if computing.dtype is None else {"model": computing.dtype}
    loaded = load_models(
        {"model": folder}, device=computing.device, dtype=dtypes, max_len=max_len, cache_gb=args.cache_gb, n_slots=1
    )
    return folder, loaded.models["model"].engine


def _answer(
    engine: "Engine", prompt: list[int], args: argparse.Namespace, *, continues_text: bool, stop: tuple[str, ...] = ()
) -> str:
    """Run one request to its end, print the text as it grows, and return it."""
    params = SamplingParams(
        room(len(prompt), args.max_tokens, engine.max_len), args.temperature, args.top_p, args.seed, (*args.stop, *stop)
    )
    engine.add(Request("command line", tuple(prompt), params, continues_text))
    text = ""
    while engine.has_work:
        for event in engine.step():
            print(event.text, end="", flush=True)
            text += event.text
            if event.error is not None:
                print()
                raise ValueError(event.error)
    print()
    return text


def _complete(args: argparse.Namespace) -> int:
    folder, engine = _load_one(args)
    text = open_stdin().read() if args.prompt is None else args.prompt
    prompt = [folder.tokenizer.bos_id, *folder.tokenizer.encode(text)]
    _answer(engine, prompt, args, continues_text=True)
    return 0


def _chat(args: argparse.Namespace) -> int:
    stdin = open_stdin()
    folder, engine = _load_one(args)
    messages = [Message("system", args.system)] if args.system else []
    is_terminal = stdin.isatty()
    while True:
        if is_terminal:
            print("> ", end="", flush=True)
        line = stdin.readline()
        if not line:
            return 0
        if not line.strip():
            continue
        try:
            said = [*messages, Message("user", line.rstrip("\n"))]
            prompt = render(said, folder.tokenizer, folder.template)
            answer = _answer(engine, prompt, args, continues_text=False, stop=folder.chat_stop)
        except (ChatError, ValueError) as error:
            print(f"{error}", file=sys.stderr)
            if not is_terminal:
                return 1
            continue
        messages = [*said, Message("assistant", answer)]
