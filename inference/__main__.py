"""The command line: serve models, or use one directly.

    python -m inference serve --model NAME=DIR [--model NAME=DIR ...] [--max-len NAME=N] --host H --port P
    python -m inference complete --model DIR "Once upon a time"
    python -m inference chat --model DIR
    python -m inference score --model DIR --ids-file F

Arguments, folders and the port are checked before torch is imported, so that a mistake is reported at once.
"""

import argparse
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from inference.engine.request import Request, SamplingParams, room
from inference.folder import ModelFolder, open_folder
from inference.model.config import ModelConfig, load_config
from inference.text.chat_template import VERSIONS, ChatError, Message, render

if TYPE_CHECKING:
    from inference.engine.engine import Engine

_DTYPES = ("float32", "bfloat16")
_ONE_THREAD_BELOW = 5_000_000  # parameters: of 1M, a step takes 1.3 ms on one thread and 2.4 ms on two
_MAX_LEN_HELP = "tokens of prompt and answer together (default: the checkpoint's max_seq_len)"
_THREADS_HELP = "threads of one step (default: one a core, but one for models under 5M parameters)"
_MIN_LEN = 2  # tokens: one to begin with, one to answer
_LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code. Whatever a user, a file or a port can cause is one line on stderr and code 1."""
    args = _parser().parse_args(argv)
    os.environ.setdefault("GOMP_SPINCOUNT", "0")  # before torch: its idle threads would take the processor from others
    logging.basicConfig(level=logging.INFO if args.command == "serve" else logging.WARNING, format=_LOG_FORMAT)
    try:
        code: int = args.run(args)
        return code
    except (ValueError, OSError) as error:
        print(f"{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m inference", description="Models of the Mistral family, served or used directly."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="answer OpenAI-compatible requests over HTTP")
    serve.add_argument(
        "--model",
        action="append",
        required=True,
        type=_named_folder,
        metavar="NAME=DIR",
        help="a model to serve; may be given several times",
    )
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    serve.add_argument(
        "--port", type=_whole(0, 65535), default=8100, help="port to listen on, 0 for a free one (default %(default)s)"
    )
    serve.add_argument(
        "--cache-gb",
        type=_above_zero,
        metavar="G",
        help="GiB for the caches of all models (default: a quarter of the free memory, or what is left of the GPU)",
    )
    serve.add_argument(
        "--stop-with-stdin",
        action="store_true",
        help="stop when standard input closes: so the server ends with the process that started it, even a killed one",
    )
    serve.add_argument(
        "--max-len",
        action="append",
        default=[],
        type=_named_length,
        metavar="[NAME=]N",
        help=f"{_MAX_LEN_HELP}; of one model, or without a name of all others; may be given several times",
    )
    _add_model_options(serve)
    serve.set_defaults(run=_serve)

    complete = commands.add_parser("complete", help="continue a text")
    complete.add_argument("prompt", nargs="?", help="the text (default: standard input)")
    _add_folder(complete)
    _add_sampling(complete)
    _add_max_len(complete)
    _add_model_options(complete)
    complete.set_defaults(run=_complete)

    chat = commands.add_parser("chat", help="talk to a model, one line a turn")
    chat.add_argument("--system", help="system prompt")
    _add_folder(chat)
    _add_sampling(chat)
    _add_max_len(chat)
    _add_model_options(chat)
    chat.set_defaults(run=_chat)

    score = commands.add_parser("score", help="log-probabilities of token ids")
    score.add_argument("--ids-file", required=True, type=Path, metavar="F", help="a JSON list of token ids")
    score.add_argument(
        "--chunk-size", type=_whole(1, None), default=256, metavar="N", help="tokens in one step (default %(default)s)"
    )
    score.add_argument(
        "--dtype", choices=_DTYPES, help="default: float32 under 100M parameters on a CPU, else bfloat16"
    )
    score.add_argument("--threads", type=_whole(1, None), metavar="N", help=_THREADS_HELP)
    _add_folder(score)
    score.set_defaults(run=_score)
    return parser


def _add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model",
        required=True,
        type=Path,
        metavar="DIR",
        help="folder with params.json, consolidated.safetensors and tokenizer.model",
    )


def _add_sampling(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--max-tokens", type=_whole(1, None), default=256, metavar="N", help="tokens of an answer (default %(default)s)"
    )
    parser.add_argument(
        "--temperature", type=float, default=0.7, help="0 takes the likeliest token (default %(default)s)"
    )
    parser.add_argument(
        "--top-p",
        type=float,
        default=1.0,
        help="draw from the likeliest tokens that hold this much probability (default %(default)s)",
    )
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same answer (default %(default)s)")
    parser.add_argument(
        "--stop",
        action="append",
        default=[],
        metavar="TEXT",
        help="end the answer before this text; may be given several times",
    )


def _add_max_len(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--max-len", type=_whole(_MIN_LEN, None), metavar="N", help=_MAX_LEN_HELP)


def _add_model_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dtype", choices=_DTYPES, help="default: float32 under 100M parameters on a CPU, else bfloat16"
    )
    parser.add_argument("--threads", type=_whole(1, None), metavar="N", help=_THREADS_HELP)
    parser.add_argument(
        "--template", choices=VERSIONS, help="chat layout (default: as the tokenizer's control pieces tell)"
    )


def _named_folder(text: str) -> tuple[str, Path]:
    name, separator, folder = text.partition("=")
    if not (separator and name and folder):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=DIR, such as tiny=models/tiny")
    return name, Path(folder)


def _named_length(text: str) -> tuple[str | None, int]:
    """Name and tokens; the name is None where the number is for all models without one of their own."""
    name, separator, number = text.rpartition("=")
    if (separator and not name) or not number.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not [NAME=]N, such as 4096 or tiny=512")
    return name or None, _whole(_MIN_LEN, None)(number)


def _whole(low: int, high: int | None) -> Callable[[str], int]:
    def parse(text: str) -> int:
        number = int(text)
        if number < low or (high is not None and number > high):
            expected = f"at least {low}" if high is None else f"{low} to {high}"
            raise argparse.ArgumentTypeError(f"{number} is out of range; {expected} was expected")
        return number

    parse.__name__ = "whole number"  # argparse names it where int() fails
    return parse


def _above_zero(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is out of range; a number above 0 was expected")
    return number


def _prepare_torch(args: argparse.Namespace, *configs: ModelConfig) -> Any:
    """Import torch, set its threads for these models, and return the dtype that was asked for, or None."""
    import torch

    if args.threads:
        torch.set_num_threads(args.threads)
    elif max(config.n_parameters for config in configs) < _ONE_THREAD_BELOW:
        torch.set_num_threads(1)
    return getattr(torch, args.dtype) if args.dtype else None


def _stdin() -> TextIO:
    """Standard input; ValueError where the process was started without one."""
    if sys.stdin is None:
        raise ValueError("standard input is closed; an open one was expected")
    return sys.stdin


def _stop_with_stdin() -> None:
    """Send this process SIGTERM when its standard input reaches its end."""
    _stdin()

    def wait() -> None:
        while os.read(0, 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="stdin", daemon=True).start()


def _serve(args: argparse.Namespace) -> int:
    if args.stop_with_stdin:
        _stop_with_stdin()
    folders: dict[str, ModelFolder] = {}
    for name, path in args.model:
        if name in folders:
            raise ValueError(f"two models are named {name}; every --model needs a name of its own")
        folders[name] = open_folder(path, template=args.template)
    max_len = _max_len_by_name(args.max_len, folders)
    from inference.server.listener import listen

    listener = listen(args.host, args.port)
    host, port = listener.getsockname()[:2]
    print(f"listening on http://{f'[{host}]' if ':' in host else host}:{port}", flush=True)
    dtype = _prepare_torch(args, *(folder.config for folder in folders.values()))
    from inference.engine.loading import load_models
    from inference.server.run import run

    return run(partial(load_models, folders, dtype=dtype, max_len=max_len, cache_gb=args.cache_gb), listener)


def _max_len_by_name(given: Sequence[tuple[str | None, int]], names: Collection[str]) -> dict[str, int]:
    """The tokens of every model for which a number is given, by its name or for all others."""
    lengths: dict[str | None, int] = {}
    for name, length in given:
        if name is not None and name not in names:
            raise ValueError(f"--max-len names {name}, which is not served; served are {', '.join(names)}")
        if name in lengths:
            whose = "for all others" if name is None else f"for {name}"
            raise ValueError(f"--max-len is given twice {whose}: {lengths[name]} and {length}; one was expected")
        lengths[name] = length
    of_others = lengths.get(None)
    return {name: own for name in names if (own := lengths.get(name, of_others)) is not None}


def _load_one(args: argparse.Namespace) -> tuple[ModelFolder, "Engine"]:
    folder = open_folder(args.model, template=args.template)
    dtype = _prepare_torch(args, folder.config)
    from inference.engine.loading import load_models

    max_len = {} if args.max_len is None else {"model": args.max_len}
    return folder, load_models({"model": folder}, dtype=dtype, max_len=max_len, n_slots=1)["model"].engine


def _answer(engine: "Engine", prompt: list[int], args: argparse.Namespace, *, continues_text: bool) -> str:
    """Run one request to its end, printing as it comes; the whole text."""
    params = SamplingParams(
        room(len(prompt), args.max_tokens, engine.max_len), args.temperature, args.top_p, args.seed, tuple(args.stop)
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
    text = _stdin().read() if args.prompt is None else args.prompt
    prompt = [folder.tokenizer.bos_id, *folder.tokenizer.encode(text)]
    _answer(engine, prompt, args, continues_text=True)
    return 0


def _chat(args: argparse.Namespace) -> int:
    stdin = _stdin()
    folder, engine = _load_one(args)
    messages = [Message("system", args.system)] if args.system else []
    is_terminal = stdin.isatty()
    while True:
        if is_terminal:
            print("> ", end="", flush=True)
        line = stdin.readline()
        if not line:
            return 0
        try:
            said = [*messages, Message("user", line.rstrip("\n"))]
            answer = _answer(engine, render(said, folder.tokenizer, folder.template), args, continues_text=False)
        except (ChatError, ValueError) as error:
            print(f"{error}", file=sys.stderr)
            if not is_terminal:
                return 1
            continue
        messages = [*said, Message("assistant", answer)]


def _score(args: argparse.Namespace) -> int:
    config = load_config(args.model)  # a missing folder is reported before torch is imported
    ids = _read_ids(args.ids_file)
    dtype = _prepare_torch(args, config)
    from inference.engine.loading import default_device, load_for_serving
    from inference.model.score import score

    model = load_for_serving(args.model, dtype=dtype, device=default_device())
    print(json.dumps({"logprobs": score(model, ids, chunk_size=args.chunk_size)}))
    return 0


def _read_ids(path: Path) -> list[int]:
    try:
        ids = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}; a JSON list of token ids was expected") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not JSON: {error}; a list of token ids was expected") from error
    if not isinstance(ids, list) or not all(type(token_id) is int for token_id in ids):
        raise ValueError(f"{path} is not a list of whole numbers; token ids such as [1, 415, 2936] were expected")
    return ids


if __name__ == "__main__":
    sys.exit(main())
