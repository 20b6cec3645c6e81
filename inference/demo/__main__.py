"""Train and examine the demo models.

    python -m inference.demo                     train all four, one after the other, examine them, write models/
    python -m inference.demo --only wren-sol     one of them (two runs at once use two cores best)
    python -m inference.demo --further N         train the existing models on N more tokens, and examine them
    python -m inference.demo --evaluate          examine the existing models and write models/accuracy.json
    python -m inference.demo --table             print accuracy.json as a Markdown table
    python -m inference.demo --alike             print how often two of the models give the same answer

Training needs only the seed. On two cores of 2025 all four take about an hour.
"""

import argparse
import json
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from inference.demo.shipped import MODELS
from inference.progress import ProgressBar
from inference.text.folder import open_tokenizer

ACCURACY = "accuracy.json"
QUESTIONS_PER_SKILL = 24


def main(argv: Sequence[str] | None = None) -> int:
    """Train, examine or print, and return the exit code."""
    from inference.demo.profiles import PROFILE

    parser = argparse.ArgumentParser(prog="python -m inference.demo", description="Train and examine the demo models.")
    parser.add_argument("--only", metavar="NAME", choices=list(PROFILE), help=f"one model: {', '.join(PROFILE)}")
    parser.add_argument("--evaluate", action="store_true", help="examine the existing models, without training")
    parser.add_argument("--table", action="store_true", help="only print the accuracies as a Markdown table")
    parser.add_argument("--alike", action="store_true", help="only print how often two models give the same answer")
    parser.add_argument(
        "--models", type=Path, default=MODELS, metavar="DIR", help="the folder of the models (default: %(default)s)"
    )
    parser.add_argument(
        "--tokens", type=int, metavar="N", help="train on N tokens instead of the profile's number (for trials)"
    )
    parser.add_argument(
        "--further", type=int, metavar="N", help="train the existing models in one more cycle, of N tokens"
    )
    args = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    path: Path = args.models / ACCURACY
    if args.table:
        if not path.is_file():
            print(f"no {path}; make it with `python -m inference.demo --evaluate`", file=sys.stderr)
            return 1
        print(_table(path), end="")
        return 0
    os.environ.setdefault("GOMP_SPINCOUNT", "0")  # before torch
    if args.alike:
        print(_alike(args.models), end="")
        return 0
    for slug in [args.only] if args.only else list(PROFILE):
        if not args.evaluate:
            _train(slug, args.models / slug, args.tokens, args.further)
        if (args.models / slug).is_dir():
            _examine(slug, args.models / slug, path)
    print(_table(path), end="")
    return 0


def _train(slug: str, folder: Path, n_tokens: int | None, n_further: int | None) -> None:
    import torch

    from inference.demo.profiles import PROFILE
    from inference.demo.train import TrainingReport, train, train_further
    from inference.demo.vocabulary import train_tokenizer
    from inference.model.checkpoint.weights import load, save
    from inference.text.tokenizer import TOKENIZER_FILE

    torch.set_num_threads(1)  # matrices are small: a second thread gains little, a second run a lot
    folder.mkdir(parents=True, exist_ok=True)
    (folder / TOKENIZER_FILE).write_bytes(train_tokenizer())

    bars: dict[int, ProgressBar] = {}

    def show(report: TrainingReport) -> None:
        if report.cycle not in bars:
            bars[report.cycle] = ProgressBar(f"{slug}, cycle {report.cycle}", unit=" steps")
        note = f"loss {report.loss:.3f}, {report.tokens_per_s:,.0f} tokens/s"
        bars[report.cycle](report.step, report.n_steps, note=note)

    if n_further:
        model = load(folder, dtype=torch.float32)
        train_further(model, PROFILE[slug], open_tokenizer(folder), n_tokens=n_further, report=show)
    else:
        model = train(PROFILE[slug], open_tokenizer(folder), report=show, n_tokens=n_tokens)
    save(model, folder)


def _examine(slug: str, folder: Path, path: Path) -> None:
    from inference.demo.evaluate import examine, questions, summary
    from inference.demo.profiles import PROFILE
    from inference.model.checkpoint.weights import load_served

    marked = examine(load_served(folder), open_tokenizer(folder), questions(QUESTIONS_PER_SKILL, PROFILE[slug].manner))
    result = summary(marked)
    known: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    known[PROFILE[slug].name] = result
    ordered = {profile.name: known[profile.name] for profile in PROFILE.values() if profile.name in known}
    path.write_text(json.dumps(ordered, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{slug}: {result['overall']} % overall, {result['unseen_wordings']} % in wordings never trained")


def _alike(models: Path) -> str:
    from inference.demo.alike import first_turns, markdown, sampled
    from inference.demo.evaluate import questions
    from inference.demo.profiles import PROFILES
    from inference.model.checkpoint.weights import load_served

    given = {}
    for seed, profile in enumerate(PROFILES):
        folder = models / profile.slug
        if folder.is_dir():
            asked = first_turns(questions(QUESTIONS_PER_SKILL, profile.manner))
            given[profile.name] = sampled(load_served(folder), open_tokenizer(folder), asked, seed=seed)
    return markdown(given)


def _table(path: Path) -> str:
    from inference.demo.evaluate import markdown

    return markdown(json.loads(path.read_text(encoding="utf-8")))


if __name__ == "__main__":
    sys.exit(main())
