"""`score`: the log-probability of each token of a text."""

import argparse
import json
from pathlib import Path

from inference.commands.options import Commands, add_computing, add_folder, prepare_torch, whole
from inference.folder import locate
from inference.model.checkpoint.files import load_config


def add(commands: Commands) -> None:
    score = commands.add_parser("score", help="print the log-probabilities of token ids")
    score.add_argument("--ids-file", required=True, type=Path, metavar="F", help="a JSON list of token ids")
    score.add_argument(
        "--chunk-size", type=whole(1, None), metavar="N", help="tokens in one step (default: the server's chunks)"
    )
    add_computing(score)
    add_folder(score)
    score.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    path = locate(args.model)
    config = load_config(path)  # a missing folder is reported before torch is imported
    ids = _read_ids(args.ids_file)
    computing = prepare_torch(args, config)
    from inference.engine.loading import load_for_serving
    from inference.engine.scheduler import chunk_size
    from inference.model.score import score

    model = load_for_serving(path, dtype=computing.dtype, device=computing.device)
    is_on_gpu = computing.device.type == "cuda"
    tokens = args.chunk_size or chunk_size(None, n_parameters=config.n_parameters, is_on_gpu=is_on_gpu)
    print(json.dumps({"logprobs": score(model, ids, chunk_size=tokens)}))
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
