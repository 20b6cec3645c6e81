"""How often intervals of 95 % cover the truth: 1,000 simulated tournaments of each kind (see `tournaments`).

    python -m bench.coverage --seconds 120                 goes on where the last call stopped; again until all are done
    python -m bench.coverage --kind uniform --tournaments 100

Counted are: the models whose interval covers their true rating; the tournaments in which all twenty do; the differences
of two models within the interval of the difference (what ranks by difference go by); the models whose true place lies
between their best and worst one. Tournament i of a kind is the same in every call, so that results do not depend on how
the work was cut.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from bench.coverage.tournaments import KINDS, Tournament
from elo.battles import Cells, Floats, Index
from elo.board.ranks import variance_of_difference
from elo.chance.intervals import intervals
from elo.fit.bradley_terry import fit
from elo.fit.clusters import Clusters
from elo.fit.pointwise import pointwise
from elo.settings import Settings

RESULTS = Path(__file__).resolve().parents[1] / "results" / "coverage.json"
N_TOURNAMENTS = 1000
LEAST, MOST = 0.93, 0.97
_SAVE_EVERY_S = 10.0

BOOTSTRAP = Settings(cluster="none")
SANDWICH = Settings(interval="sandwich", cluster="none")
ALL_AT_ONCE = Settings(interval="sandwich", cluster="none", simultaneous=True)
BY_PAIR = Settings(cluster="pair")
BY_PAIR_ALL_AT_ONCE = Settings(cluster="pair", simultaneous=True)
BY_VOTER = Settings(cluster="voter")
BY_VOTER_ALL_AT_ONCE = Settings(cluster="voter", simultaneous=True)


@dataclass(frozen=True, slots=True)
class Way:
    """One way to make intervals, and which share of it is promised to lie between 93 and 97 %, if any."""

    name: str
    settings: Settings
    promised: str = ""


_PLAIN = (
    Way("bootstrap", BOOTSTRAP, "models"),
    Way("sandwich", SANDWICH, "models"),
    Way("sandwich, all at once", ALL_AT_ONCE, "tournaments"),
)
_PREPARED = (
    Way("plain: bootstrap", BOOTSTRAP),
    Way("jackknife by prepared pair", BY_PAIR, "models"),
    Way("jackknife by prepared pair, all at once", BY_PAIR_ALL_AT_ONCE),
)
WAYS: dict[str, tuple[Way, ...]] = {
    "uniform": _PLAIN,
    "adaptive": _PLAIN,
    "prepared, 5 voters": _PREPARED,
    "prepared, 20 voters": _PREPARED,
    "tastes": (
        Way("plain: bootstrap", BOOTSTRAP),
        Way("jackknife by voter", BY_VOTER, "models"),
        Way("jackknife by voter, all at once", BY_VOTER_ALL_AT_ONCE),
    ),
}


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums over n tournaments: of shares of models, of tournaments, of shares of differences and of places that were
    covered, and of the median width in points."""

    n: int = 0
    models: float = 0.0
    models_squared: float = 0.0
    tournaments: int = 0
    differences: float = 0.0
    places: float = 0.0
    width: float = 0.0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(**{name: value + getattr(other, name) for name, value in asdict(self).items()})

    def share(self, what: str) -> float:
        return float(getattr(self, what)) / self.n

    def error(self) -> float:
        """Standard error of the share of models: models of one tournament are not independent."""
        mean = self.share("models")
        return float(np.sqrt(max(self.models_squared / self.n - mean**2, 0.0) / self.n))


def judge(tournament: Tournament, settings: Settings) -> Tally:
    """One tournament in one way."""
    votes, truth = tournament.votes, tournament.truth
    pairs = Cells.from_votes(votes).pairs()
    fitted = fit(pairs, prior=settings.prior)
    bounds = intervals(pairs, fitted, settings, clusters=Clusters.of(votes, pairs.models, settings))
    assert bounds is not None
    assert bounds.rounds is not None
    is_covered = (bounds.low <= truth) & (truth <= bounds.high)
    first, second = np.triu_indices(len(truth), 1)
    error = np.sqrt(variance_of_difference(bounds.covariance))[first, second]
    off = np.abs((fitted.r - truth)[first] - (fitted.r - truth)[second])
    best, worst = places_of_rounds(bounds.rounds, level=settings.level)
    true_place = 1 + (truth[None, :] > truth[:, None]).sum(axis=1)
    share = float(is_covered.mean())
    return Tally(
        n=1,
        models=share,
        models_squared=share**2,
        tournaments=int(is_covered.all()),
        differences=float((off <= pointwise(settings.level, bounds.freedom) * error).mean()),
        places=float(((best <= true_place) & (true_place <= worst)).mean()),
        width=float(np.median(bounds.high - bounds.low)) * settings.points_per_logit,
    )


def places_of_rounds(rounds: Floats, *, level: float) -> tuple[Index, Index]:
    """The best and the worst place, (K,) each, that leave out equal tails of the rounds, (R, K), and keep `level`.

    A model's place in a round is 1 + the models above it.
    """
    places = 1 + (rounds[:, None, :] > rounds[:, :, None]).sum(axis=2)
    tail = (1 - level) / 2
    best, worst = np.quantile(places, [tail, 1 - tail], axis=0, method="inverted_cdf").astype(np.int64)
    return best, worst


def tournament(kind: str, number: int) -> Tournament:
    return KINDS[kind](np.random.default_rng([list(KINDS).index(kind), number]))


Results = dict[str, dict[str, Tally]]


def read(path: Path) -> Results:
    """By kind and way; none where there is no file."""
    if not path.exists():
        return {}
    content = json.loads(path.read_text(encoding="utf-8"))["kinds"]
    return {kind: {way: Tally(**tally) for way, tally in ways.items()} for kind, ways in content.items()}


def write(path: Path, results: Mapping[str, Mapping[str, Tally]]) -> None:
    """The file is replaced whole."""
    content = {
        "command": "python -m bench.coverage",
        "versions": {"python": sys.version.split()[0], **{name: version(name) for name in ("numpy", "scipy")}},
        "kinds": {kind: {way: asdict(tally) for way, tally in ways.items()} for kind, ways in results.items()},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    os.replace(part, path)


def measure(path: Path, kinds: Iterable[str], n_tournaments: int, seconds: float) -> bool:
    """Go on from what the file holds until there are so many tournaments of each kind, or the time is over. Whether all
    is done."""
    results = read(path)
    begun = saved = time.monotonic()
    for kind in kinds:
        tallies = results.setdefault(kind, {way.name: Tally() for way in WAYS[kind]})
        for number in range(min(tally.n for tally in tallies.values()), n_tournaments):
            now = time.monotonic()
            if now - saved > _SAVE_EVERY_S:
                write(path, results)
                print(f"{kind}: {number} of {n_tournaments}", flush=True)
                saved = now
            if now - begun > seconds:
                write(path, results)
                return False
            played = tournament(kind, number)
            for way in WAYS[kind]:
                tallies[way.name] += judge(played, way.settings)
    write(path, results)
    return True


def markdown(path: Path) -> str:
    """What a results file holds, as a page shows it."""
    versions = json.loads(path.read_text(encoding="utf-8"))["versions"]
    return f"{', '.join(f'{name} {number}' for name, number in versions.items())}.\n\n{table(read(path))}"


def table(results: Mapping[str, Mapping[str, Tally]]) -> str:
    """One row a kind and way, promised shares in bold."""
    lines = [
        "| tournaments | intervals | models covered | all at once | differences | places | median width |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for kind, ways in WAYS.items():
        for way in ways:
            tally = results.get(kind, {}).get(way.name, Tally())
            if not tally.n:
                lines.append(f"| {kind} | {way.name} | not measured | | | | |")
                continue
            cells = [_shown(tally, what, way) for what in ("models", "tournaments", "differences", "places")]
            lines.append(f"| {kind}: {tally.n:,} | {way.name} | {' | '.join(cells)} | {tally.share('width'):.0f} |")
    return "\n".join(lines) + "\n"


def _shown(tally: Tally, what: str, way: Way) -> str:
    share = f"{100 * tally.share(what):.1f} %"
    if what == "models":
        share += f" ± {100 * tally.error():.1f}"
    if what != way.promised:
        return share
    return f"**{share}**" if LEAST <= tally.share(what) <= MOST else f"**{share}: out of bounds**"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.coverage", description="Coverage of intervals, simulated.")
    parser.add_argument("--kind", choices=tuple(KINDS), action="append", help="default: all")
    parser.add_argument("--tournaments", type=int, default=N_TOURNAMENTS, metavar="N", help="of each kind")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after; a later call goes on")
    parser.add_argument(
        "--output", type=Path, default=RESULTS, metavar="FILE", help="default: bench/results/coverage.json"
    )
    args = parser.parse_args(argv)
    is_done = measure(args.output, args.kind or KINDS, args.tournaments, args.seconds)
    print(table(read(args.output)))
    if not is_done:
        print("not done yet; the same command goes on")
    return 0


if __name__ == "__main__":
    sys.exit(main())
