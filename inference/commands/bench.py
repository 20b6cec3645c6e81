"""`bench`: how fast a model runs on this machine."""

import argparse
import json
import sys

from inference.commands.options import Commands, add_computing, add_folder, prepare_torch, whole
from inference.folder import locate, open_folder


def add(commands: Commands) -> None:
    bench = commands.add_parser("bench", help="measure how fast a model runs on this machine")
    bench.add_argument(
        "--prompt", type=whole(1, None), default=512, metavar="N", help="tokens of a prompt (default %(default)s)"
    )
    bench.add_argument(
        "--tokens", type=whole(2, None), default=128, metavar="N", help="tokens of an answer (default %(default)s)"
    )
    bench.add_argument(
        "--batch",
        type=_sizes,
        default=(1, 8),
        metavar="B[,B...]",
        help="numbers of concurrent sequences (default 1,8)",
    )
    add_computing(bench)
    add_folder(bench)
    bench.set_defaults(run=_run)


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(whole(1, None)(number) for number in text.split(","))


_sizes.__name__ = "list of whole numbers"  # argparse's name for it where int() fails


def _run(args: argparse.Namespace) -> int:
    path = locate(args.model)
    folder = open_folder(path, template="none")
    computing = prepare_torch(args, folder.config)
    import torch

    from inference.bench import as_json, measure, table
    from inference.engine.loading import load_for_serving
    from inference.engine.scheduler import chunk_size
    from inference.model.cache import RingCache

    device = computing.device
    model = load_for_serving(path, dtype=computing.dtype, device=device)
    chunk = chunk_size(None, n_parameters=folder.config.n_parameters, is_on_gpu=device.type == "cuda")
    figures = []
    for batch in args.batch:
        cache = RingCache(
            folder.config, n_slots=batch, max_len=args.prompt + 1 + args.tokens, dtype=model.dtype, device=device
        )
        model.prepare(cache)
        figures.append(measure(model, cache, folder.tokenizer, max_chunk=chunk, prompt=args.prompt, tokens=args.tokens))
        print(f"{batch} sequences measured", file=sys.stderr)
    print(table(figures))
    about = {
        "model": path.name,
        "parameters": folder.config.n_parameters,
        "dtype": str(model.dtype).removeprefix("torch."),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
    }
    print(json.dumps({**about, "figures": as_json(figures)}))
    return 0
