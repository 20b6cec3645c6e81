"""`serve`: the folders, the port and the options checked at once; then the models, behind OpenAI's protocol."""

import argparse
import os
import signal
import threading
from collections.abc import Collection, Sequence
from functools import partial

from inference.commands.options import (
    FOLDER_HELP,
    MAX_LEN_HELP,
    MIN_LEN,
    Commands,
    above_zero,
    add_computing,
    add_template,
    open_stdin,
    prepare_torch,
    whole,
)
from inference.folder import open_folders


def add(commands: Commands) -> None:
    serve = commands.add_parser("serve", help="answer OpenAI-compatible requests over HTTP")
    serve.add_argument(
        "--model",
        action="append",
        required=True,
        type=_named_folder,
        metavar="NAME=DIR",
        help=f"a model to serve: {FOLDER_HELP}; may be given several times",
    )
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    serve.add_argument(
        "--port", type=whole(0, 65535), default=8100, help="port to listen on, 0 for a free one (default %(default)s)"
    )
    serve.add_argument(
        "--cache-gb",
        type=above_zero,
        metavar="G",
        help="GiB for the caches of all models (default: a quarter of the free memory, or what is left of the GPU)",
    )
    serve.add_argument(
        "--budget",
        type=whole(2, None),
        metavar="N",
        help="tokens of one step of a model: a piece of a prompt (half of them, 256 at most) beside one token for each "
        "answer; smaller pieces let answers flow more evenly, larger ones read prompts faster (default: 256 and the "
        "number of slots)",
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
        help=f"{MAX_LEN_HELP}; of one model, or without a name of all others; may be given several times",
    )
    add_computing(serve)
    add_template(serve)
    serve.set_defaults(run=_run)


def _named_folder(text: str) -> tuple[str, str]:
    name, separator, folder = text.partition("=")
    if not (separator and name and folder):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=DIR, such as tiny=models/tiny")
    return name, folder


def _named_length(text: str) -> tuple[str | None, int]:
    """Name and tokens; the name is None where the number is for all models without one of their own."""
    name, separator, number = text.rpartition("=")
    if (separator and not name) or not number.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not [NAME=]N, such as 4096 or tiny=512")
    return name or None, whole(MIN_LEN, None)(number)


def _stop_with_stdin() -> None:
    """Send this process SIGTERM when its standard input reaches its end."""
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
            raise ValueError(f"two models are named {name}; every --model needs a name of its own")
        places[name] = place
    max_len = _max_len_by_name(args.max_len, places)
    opened = open_folders(places, template=args.template)
    from inference.server.listener import listen

    listener = listen(args.host, args.port)
    host, port = listener.getsockname()[:2]
    print(f"listening on http://{f'[{host}]' if ':' in host else host}:{port}", flush=True)
    dtype = prepare_torch(args, *(folder.config for folder in opened.folders.values()))
    from inference.engine.loading import load_models
    from inference.server.run import run

    return run(
        partial(
            load_models,
            opened.folders,
            failures=opened.failures,
            dtype=dtype,
            max_len=max_len,
            cache_gb=args.cache_gb,
            budget=args.budget,
        ),
        listener,
    )


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
