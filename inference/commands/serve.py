"""`serve`: serve models over OpenAI's protocol."""

import argparse
import os
import signal
import threading
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TypeVar

from inference import hub
from inference.commands.options import (
    DTYPE_HELP,
    DTYPES,
    FOLDER_HELP,
    MAX_LEN_HELP,
    MIN_LEN,
    TEMPLATE_HELP,
    Commands,
    add_cache_gb,
    add_device,
    add_threads,
    open_stdin,
    set_threads,
    torch_dtype,
    whole,
)
from inference.demo import shipped
from inference.folder import open_folders
from inference.model.native import compiling
from inference.text.chat.recognition import CHOICES

_COMPILING_S = 10.0  # after this time from the start of loading, the server is ready without compiled code

_Value = TypeVar("_Value")


def add(commands: Commands) -> None:
    serve = commands.add_parser("serve", help="answer OpenAI-compatible requests over HTTP")
    serve.add_argument(
        "--model",
        action="append",
        required=True,
        type=_named_folder,
        metavar="[NAME=]DIR",
        help=f"a model to serve: {FOLDER_HELP}; NAME is what requests call it; may be given several times (one folder "
        "under several names is loaded once)",
    )
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    serve.add_argument(
        "--port", type=whole(0, 65535), default=8100, help="port to listen on, 0 for a free one (default %(default)s)"
    )
    add_cache_gb(serve)
    serve.add_argument(
        "--budget",
        type=whole(2, None),
        metavar="N",
        help="tokens in one step of a model: half for a chunk of a prompt, one for each answer; smaller chunks make "
        "answers flow more evenly, larger ones read prompts faster (default: chunks of 256, of 512 for models under "
        "50M parameters, of 2,048 on a GPU, and one token for each slot)",
    )
    serve.add_argument(
        "--no-prefix-reuse",
        action="store_true",
        help="compute every prompt in full, without cached conversations, so that answers repeat to the last bit",
    )
    serve.add_argument(
        "--max-waiting",
        type=whole(0, None),
        metavar="N",
        help="requests of one model that may wait for a slot; further ones get status 429 (default: 128)",
    )
    serve.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="let pages of this origin, such as http://localhost:3000, use the server in a browser (CORS; * for any; "
        "default: none); may be given several times",
    )
    serve.add_argument(
        "--stop-with-stdin",
        action="store_true",
        help="stop when standard input closes, so that the server ends with the process that started it",
    )
    _add_by_model(
        serve,
        "--max-len",
        _length,
        metavar="[NAME=]N",
        expected="such as 4096 or tiny=512",
        help=f"{MAX_LEN_HELP}; for one model, or without NAME for all others; may be given several times",
    )
    _add_by_model(
        serve,
        "--dtype",
        _one_of(DTYPES),
        metavar="[NAME=]D",
        expected=f"with D one of {', '.join(DTYPES)}",
        help=f"{', '.join(DTYPES)}: {DTYPE_HELP}; for one model or all others, as with --max-len",
    )
    add_device(serve)
    add_threads(serve)
    _add_by_model(
        serve,
        "--template",
        _one_of(CHOICES),
        metavar="[NAME=]V",
        expected=f"with V one of {', '.join(CHOICES)}",
        help=f"{', '.join(CHOICES)}: {TEMPLATE_HELP}; for one model or all others, as with --max-len",
    )
    serve.set_defaults(run=_run)


def _named_folder(text: str) -> tuple[str, str]:
    """Return a model's name and place. Without NAME= the name is that of the folder, or the part after the colon."""
    if "=" in text:
        name, _, place = text.partition("=")
    elif text.startswith((hub.PREFIX, shipped.PREFIX)):
        name, place = text.partition(":")[2], text
    else:
        name, place = Path(text).resolve().name, text
    if not (name and place):
        raise argparse.ArgumentTypeError(f"{text!r} is not [NAME=]DIR, such as tiny=models/tiny")
    return name, place


def _add_by_model(
    parser: argparse.ArgumentParser,
    option: str,
    parse: Callable[[str], object | None],
    *,
    metavar: str,
    expected: str,
    help: str,
) -> None:
    """Add an option for one model, or without NAME= for all others; `_by_name` reads what was given.

    `parse` returns the value, or None for a text that is none of the `expected` ones.
    """

    def parse_named(text: str) -> tuple[str | None, object]:
        name, separator, given = text.rpartition("=")
        value = parse(given)
        if (separator and not name) or value is None:
            raise argparse.ArgumentTypeError(f"{text!r} is not {metavar}, {expected}")
        return name or None, value

    parser.add_argument(option, action="append", default=[], type=parse_named, metavar=metavar, help=help)


def _length(text: str) -> int | None:
    return whole(MIN_LEN, None)(text) if text.isdecimal() else None


def _one_of(choices: Sequence[str]) -> Callable[[str], str | None]:
    return lambda text: text if text in choices else None


def _stop_with_stdin() -> None:
    """Send this process SIGTERM when its standard input ends."""
    open_stdin()

    def wait() -> None:
        while os.read(0, 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="stdin", daemon=True).start()


def _run(args: argparse.Namespace) -> int:
    if args.stop_with_stdin:
        _stop_with_stdin()
    places: dict[str, str] = {}
    for name, place in args.model:
        if name in places:
            raise ValueError(f"two models are named {name}; give each --model another NAME=")
        places[name] = place
    max_len = _by_name("--max-len", args.max_len, places)
    dtypes = _by_name("--dtype", args.dtype, places)
    from inference.server.origins import parse_origin

    origins = [parse_origin(origin) for origin in args.allow_origin]
    opened = open_folders(places, template=_by_name("--template", args.template, places))
    from inference.server.listener import listen

    listener = listen(args.host, args.port)
    host, port = listener.getsockname()[:2]
    print(f"listening on http://{f'[{host}]' if ':' in host else host}:{port}", flush=True)
    set_threads(args.threads, *(folder.config for folder in opened.folders.values()))
    from inference.engine.loading import Loaded, load_models
    from inference.engine.names import shared_names, under_all_names
    from inference.engine.worker import MAX_WAITING
    from inference.model.gpu.cards import choose_device
    from inference.server.run import run

    try:
        device = choose_device(args.device)
    except ValueError:
        listener.close()
        raise

    def load() -> Loaded:
        """Load the models, and wait up to 10 s for the C code to be compiled. Until it is, torch computes."""
        deadline = time.monotonic() + _COMPILING_S
        if device.type == "cpu":
            compiling.start()
        first = shared_names(opened.folders, dtypes=dtypes, max_len=max_len)
        loaded = load_models(
            {name: opened.folders[name] for name in first.values()},
            device=device,
            failures=opened.failures,
            dtype={name: torch_dtype(dtype) for name, dtype in dtypes.items()},
            max_len=max_len,
            cache_gb=args.cache_gb,
            budget=args.budget,
            reuse=not args.no_prefix_reuse,
        )
        compiling.wait(max(0.0, deadline - time.monotonic()))
        return under_all_names(loaded, first, opened.folders)

    max_waiting = MAX_WAITING if args.max_waiting is None else args.max_waiting
    return run(load, listener, max_waiting=max_waiting, allowed_origins=origins)


def _by_name(option: str, given: Sequence[tuple[str | None, _Value]], names: Collection[str]) -> dict[str, _Value]:
    """Return the value of each model that has one, by its name or as one of all others."""
    values: dict[str | None, _Value] = {}
    for name, value in given:
        if name is not None and name not in names:
            raise ValueError(f"{option} names {name}, which is not served; the models are {', '.join(names)}")
        if name in values:
            whose = "for all others" if name is None else f"for {name}"
            raise ValueError(f"{option} is given twice {whose}: {values[name]} and {value}; one was expected")
        values[name] = value
    return {name: values[name if name in values else None] for name in names if name in values or None in values}
