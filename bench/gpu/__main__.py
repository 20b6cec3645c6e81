"""Check inference on a GPU: correctness, then figures, section by section until the time limit.

    make gpu-check PYTHON=python3               or: python3 -m bench.gpu
    python3 -m bench.gpu --device cpu --tiny    tests the check itself with a tiny model

Exit code 0: the logits are correct (the report shows which targets are missed); 1: wrong logits; 2: no GPU.
"""

import argparse
import gc
import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import torch

from bench.gpu import ceilings, correctness, peer, serving, window
from bench.gpu.place import FULL, TINY, Place
from bench.gpu.report import Findings, lines
from bench.machine import now, this_machine
from bench.models.random_weights import random_model
from bench.result_files import RESULTS, write
from inference.engine.scheduler import MAX_CHUNK
from inference.model.gpu.cards import choose_device, make_current, sixteen_bits
from inference.model.serving import ServedModel
from inference.text.tokenizer import Tokenizer

_PACKAGES = ("torch", "transformers", "numpy")
_LIMIT_S = 480.0  # no section starts later; the longest takes about a minute


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.gpu", description="Check and measure inference on a GPU.")
    parser.add_argument("--device", default="cuda", help="default cuda; cpu with --tiny tests the check itself")
    parser.add_argument("--tiny", action="store_true", help="measure a tiny model and short texts")
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: bench/results/gpu-NAME.json")
    args = parser.parse_args(argv)
    if args.device.startswith("cuda") and not torch.cuda.is_available():
        print(
            f"no GPU was available: torch {torch.__version__} found no CUDA device; nothing was checked",
            file=sys.stderr,
        )
        return 2
    device = choose_device(args.device)
    make_current(device)
    scale = TINY if args.tiny else replace(FULL, dtype=sixteen_bits(device)) if device.type == "cuda" else FULL
    place = Place(device, scale)
    slug = re.sub(r"[^a-z0-9]+", "-", place.name.lower()).strip("-")
    output: Path = args.output or RESULTS / f"gpu-{slug}.json"
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
    write(output, {**about, **asdict(findings)})
    print(f"results written to {output}")
    return 0 if findings.is_right else 1


def run(place: Place, limit_s: float = _LIMIT_S) -> Findings:
    """Run all sections. One that fails, lacks its peer or would start after `limit_s` is recorded as skipped."""
    findings = Findings()
    begun = time.perf_counter()

    def section(name: str, work: Callable[[], None]) -> None:
        used_s = time.perf_counter() - begun
        if used_s > limit_s:
            findings.skipped[name] = f"the check had already taken {used_s:.0f} s"
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
    """Run the sections that share one model, and free it."""
    top = findings.ceilings
    if top is None:
        findings.skipped["serving"] = "the ceilings were not measured"
        return
    made: list[tuple[ServedModel, Tokenizer]] = []
    section("model", lambda: made.append(_model(place)))
    if not made:
        return
    model, tokenizer = made.pop()
    section("decode", lambda: findings.decode_rates.extend(serving.decode_rates(place, model, tokenizer, top)))
    section("prefill", lambda: findings.prefill_rates.extend(serving.prefill_rates(place, model, tokenizer, top)))
    chunk = max(findings.prefill_rates, key=lambda one: one.tok_s).chunk if findings.prefill_rates else MAX_CHUNK
    section("arrival", lambda: _arrival(place, findings, model, tokenizer))
    section("preparation", lambda: _preparation(place, findings, model))
    section("requests", lambda: findings.concurrent.extend(serving.concurrent_requests(place, model, tokenizer, chunk)))


def _model(place: Place) -> tuple[ServedModel, Tokenizer]:
    config, dtype = place.scale.config, place.scale.dtype
    model = random_model(config, dtype=dtype, device=str(place.device)).served()
    return model, serving.tokenizer_for(config.vocab_size)


def _arrival(place: Place, findings: Findings, model: ServedModel, tokenizer: Tokenizer) -> None:
    findings.arrival = serving.arrival(place, model, tokenizer, place.scale.chunks[-1])


def _preparation(place: Place, findings: Findings, model: ServedModel) -> None:
    findings.preparation = serving.preparation(place, model)


def _peer(place: Place, findings: Findings) -> None:
    findings.peer = peer.measure(place)


def _window(place: Place, findings: Findings) -> None:
    findings.saving = window.measure(place)


if __name__ == "__main__":
    sys.exit(main())
