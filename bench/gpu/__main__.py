"""The check: correctness, then figures, one section after the other until the time is up.

    make gpu-check PYTHON=python3           or  python3 -m bench.gpu
    python3 -m bench.gpu --device cpu --tiny    tries the check itself on a toy model

Exit code 0: correct (figures may miss their goals, which the report says); 1: wrong logits; 2: no GPU.
"""

import argparse
import gc
import json
import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import torch

from bench.gpu import ceilings, correctness, peer, serving, window
from bench.gpu.place import FULL, TINY, Place
from bench.gpu.report import Findings, lines
from bench.machine import now, this_machine
from bench.models.layouts import random_model
from inference.engine.engine import MAX_CHUNK
from inference.model.transformer import Transformer
from inference.text.tokenizer import Tokenizer

_RESULTS = Path(__file__).resolve().parent.parent / "results"
_PACKAGES = ("torch", "transformers", "numpy")
_LIMIT_S = 480.0  # no section begins later than this; the longest takes about a minute


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.gpu", description="Check and measure inference on a GPU.")
    parser.add_argument("--device", default="cuda", help="default cuda; cpu together with --tiny tries the check")
    parser.add_argument("--tiny", action="store_true", help="a toy model and short texts")
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: bench/results/gpu-NAME.json")
    args = parser.parse_args(argv)
    if args.device.startswith("cuda") and not torch.cuda.is_available():
        print(f"no GPU: torch {torch.__version__} sees no CUDA device; nothing was checked", file=sys.stderr)
        return 2
    place = Place(torch.device(args.device), TINY if args.tiny else FULL)
    slug = re.sub(r"[^a-z0-9]+", "-", place.name.lower()).strip("-")
    output: Path = args.output or _RESULTS / f"gpu-{slug}.json"
    findings = run(place)
    for line in lines(findings):
        print(line)
    about = {
        "gpu": place.name,
        "cuda": torch.version.cuda,
        "machine": asdict(this_machine(_PACKAGES)),
        "date": now(),
        "tiny": args.tiny,
        "dtype": str(place.scale.dtype),
    }
    output.parent.mkdir(parents=True, exist_ok=True)
    part = output.with_suffix(".part")
    part.write_text(json.dumps({**about, **asdict(findings)}, indent=1) + "\n", encoding="utf-8")
    os.replace(part, output)
    print(f"written to {output}")
    return 0 if findings.is_right else 1


def run(place: Place, limit_s: float = _LIMIT_S) -> Findings:
    """All sections. One that fails, lacks its peer or would begin after `limit_s` is skipped by name."""
    findings = Findings()
    begun = time.perf_counter()

    def section(name: str, work: Callable[[], None]) -> None:
        used_s = time.perf_counter() - begun
        if used_s > limit_s:
            findings.skipped[name] = f"{used_s:.0f} s were used up"
            return
        try:
            work()
        except (ImportError, RuntimeError, ValueError) as error:  # torch's out of memory is a RuntimeError
            findings.skipped[name] = f"{type(error).__name__}: {error}".splitlines()[0]
        gc.collect()
        if place.device.type == "cuda":
            torch.cuda.empty_cache()
        print(f"[{time.perf_counter() - begun:.0f} s] {name}", file=sys.stderr, flush=True)

    section("correctness", lambda: findings.agreements.extend(correctness.check(place.device)))
    section("ceilings", lambda: _ceilings(place, findings))
    _serving(place, findings, section)
    section("transformers", lambda: _peer(place, findings))
    section("window", lambda: _window(place, findings))
    return findings


def _ceilings(place: Place, findings: Findings) -> None:
    findings.ceilings = ceilings.measure(place)


def _serving(place: Place, findings: Findings, section: Callable[[str, Callable[[], None]], None]) -> None:
    """The sections that share one model; it is gone afterwards."""
    top = findings.ceilings
    if top is None:
        findings.skipped["serving"] = "there are no ceilings to compare with"
        return
    made: list[tuple[Transformer, Tokenizer]] = []
    section("model", lambda: made.append(_model(place)))
    if not made:
        return
    model, tokenizer = made.pop()
    section("decode", lambda: findings.decoding.extend(serving.decode_alone(place, model, tokenizer, top)))
    section("prompts", lambda: findings.reading.extend(serving.read_prompts(place, model, tokenizer, top)))
    chunk = max(findings.reading, key=lambda one: one.tok_s).chunk if findings.reading else MAX_CHUNK
    section("requests", lambda: findings.crowds.extend(serving.crowds(place, model, tokenizer, chunk)))


def _model(place: Place) -> tuple[Transformer, Tokenizer]:
    config, dtype = place.scale.config, place.scale.dtype
    model = random_model(config, dtype=dtype, device=str(place.device)).pack()
    return model, serving.tokenizer_for(config.vocab_size)


def _peer(place: Place, findings: Findings) -> None:
    findings.peer = peer.measure(place)


def _window(place: Place, findings: Findings) -> None:
    findings.saving = window.measure(place)


if __name__ == "__main__":
    sys.exit(main())
