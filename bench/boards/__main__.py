"""Time boards, filters, a model's page and quick rounds on a database of many votes: first what is read and computed,
then whole requests of a running arena.

python -m bench.boards                       1,000,000 votes on 50 models; writes bench/results
python -m bench.boards --votes 100000        a quick look; prints only
"""

import argparse
import asyncio
import gc
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

from arena.standings.filtered import FilteredBoards
from arena.standings.official import Standings
from arena.standings.view import View
from bench import result_files
from bench.boards import requests
from bench.boards.making import CAMPAIGN, DECK, bench_database, names
from bench.boards.tables import Timing, markdown
from bench.machine import now, this_machine
from db import queries
from db.codes import BattleKind
from db.session import Database
from elo.settings import Settings

_DATA = Path(__file__).parent / "data"
_N_VOTES, _N_MODELS, _N_RUNS = 1_000_000, 50, 3
_MODEL, _VISITOR = "model-07", "visitor-7"
_VIEWS = {
    "language": View(language="ko"),
    "tag": View(tag="code"),
    "one turn": View(turns="one"),
    "prompt length": View(chars="50-200"),
    "decisive votes": View(is_decisive=True),
    "same parameters": View(is_same=True),
    "own votes": View(is_mine=True),
    "four filters": View(language="en", tag="code", turns="one", is_decisive=True),
    "style control on": View(has_style=True),
    "style control and a language": View(has_style=True, language="ko"),
}


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.boards",
        description="Time boards, filters, a model's page and quick rounds on a database of many votes.",
    )
    parser.add_argument("--votes", type=int, default=_N_VOTES, metavar="N", help="default: %(default)s")
    parser.add_argument("--folder", type=Path, default=_DATA, metavar="DIR", help="where databases are kept")
    args = parser.parse_args(argv)
    database = bench_database(args.folder, args.votes, _N_MODELS)
    load = os.getloadavg()[0]
    timings = [*_boards(database), *_queries(database)]
    database.close()
    assert database.path is not None
    timings += requests.timings(args.folder, database.path, names(_N_MODELS))
    machine = this_machine(["numpy", "sqlalchemy", "fastapi", "uvicorn"])
    content = {
        "machine": asdict(machine), "date": now(), "n_votes": args.votes, "n_models": _N_MODELS,
        "load_before": round(load, 1),
        "timings": [asdict(one) for one in timings],
    }  # fmt: skip
    path = result_files.path_for("boards", machine)
    if args.votes != _N_VOTES:
        path = args.folder / "quick-look.json"
    result_files.write(path, content)
    print(markdown(path))
    return 0


def _boards(database: Database) -> list[Timing]:
    found = [_timed("official board, nothing kept", 1.0, lambda: asyncio.run(Standings(database, Settings()).board()))]

    def filtered(view: View) -> object:
        boards = FilteredBoards(database, Settings(), Standings(database, Settings()).cards_in)
        return asyncio.run(boards.board(view, _VISITOR, "bench"))

    for name, view in _VIEWS.items():
        found.append(_timed(f"changed filter: {name}", 2.0, partial(filtered, view)))
    return found


def _queries(database: Database) -> list[Timing]:
    def model() -> None:
        with database.read() as tx:
            queries.model_record(tx, _MODEL)
            queries.model_tags(tx, _MODEL)
            queries.model_feedback(tx, _MODEL)
            queries.model_samples(tx, _MODEL, 5)

    def quick() -> None:
        with database.read() as tx:
            queries.current_battle(tx, _VISITOR, [BattleKind.QUICK])
            found = queries.deal_candidates(tx, DECK, _VISITOR)
            queries.prepared_answers(tx, found[0].key, next(found[0].pairs()))

    def campaign() -> None:
        with database.read() as tx:
            queries.campaign_progress(tx, CAMPAIGN, _VISITOR)
            queries.remaining_pairs(tx, CAMPAIGN, _VISITOR)

    def history() -> None:
        with database.read() as tx:
            for _ in queries.daily_cells(tx):
                pass

    def choices() -> None:
        with database.read() as tx:
            queries.filter_choices(tx)

    return [
        _timed("what a model's page reads", 1.0, model),
        _timed("what the next quick screen reads", 0.05, quick),
        _timed("what the next screen of a campaign reads", 0.05, campaign),
        _timed("what the filters' menus read (kept for a minute)", 2.0, choices),
        _timed("the votes of each day, for ratings over time (kept)", 5.0, history),
    ]


def _timed(what: str, target_s: float, run: Callable[[], object]) -> Timing:
    """Return the best of some runs."""
    best = (float("inf"), float("inf"))
    for _ in range(_N_RUNS):
        gc.collect()
        wall, cpu = time.perf_counter(), time.process_time()
        run()
        best = min(best, (time.perf_counter() - wall, time.process_time() - cpu))
    print(f"{what}: {best[0]:.3f} s", flush=True)
    return Timing(what, target_s, *best)


if __name__ == "__main__":
    raise SystemExit(main())
