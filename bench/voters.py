"""Measure how often the tests of `elo quality` flag an honest voter, and how soon they flag a careless one.

    python -m bench.voters                 writes bench/results/voters.json; some minutes
    python -m bench.voters --arenas 1      a quick first result

Arenas are simulated (`elo.simulate`). Honest voters judge what they read, each with a personal taste for each model and
personal habits of ties and sides. One voter in twenty is careless, from the first vote on, so no earlier votes are
available for comparison. The tests examine every voter after every vote.

The tests assume that voters differ independently of each other. Honest voters who agree with each other against the
rest break this assumption; one row shows how many of them are flagged.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import result_files
from bench.machine import now
from bench.result_files import RESULTS
from db.outcome import Outcome
from elo.battles import Votes
from elo.quality.shares import Share
from elo.quality.voters.testing import Voter, examine
from elo.simulate import Scenario, simulate

LEVEL = 0.05
USUAL = Scenario(
    votes=500_000, models=20, spread=115, voters=500, ties=0.45, taste=100, tie_spread=0.8, side_bias=15, side_spread=40
)
"""The voters' shares of ties have a standard deviation of 0.10 and their shares of left votes 0.06; for the 124 crowd
workers of llmfao these are 0.15 and 0.06. Tastes spread nearly as much as the ratings."""

HONEST: Mapping[str, Scenario] = {
    "usual: 20 models, 1,000 votes each": USUAL,
    "no tastes": replace(USUAL, taste=0),
    "tastes of 200 points": replace(USUAL, taste=200),
    "sides twice as wide, a bias of 40 points": replace(USUAL, side_bias=40, side_spread=80),
    "ties twice as wide": replace(USUAL, tie_spread=1.6),
    "nobody has habits": replace(USUAL, taste=0, tie_spread=0, side_bias=0, side_spread=0),
    "5 models": replace(USUAL, models=5),
    "4 models": replace(USUAL, models=4),
    "50 models": replace(USUAL, models=50),
    "50 voters, 200 votes each": replace(USUAL, voters=50, votes=10_000),
    "100 voters, 5,000 votes each": replace(USUAL, voters=100),
}
CAUGHT: Mapping[str, Scenario] = {
    "usual": USUAL,
    "no tastes": HONEST["no tastes"],
    "5 models": HONEST["5 models"],
}
LIMIT = "the limit: a tenth of the voters, who rate all models differently from the rest"
ONE_IN = 20
"""One in so many voters is careless."""


@dataclass(frozen=True, slots=True)
class Honest:
    """Honest voters of one kind of arena: how many were ever flagged, and by which test."""

    name: str
    flagged: Share
    worst: float
    """The largest share flagged in one arena; in some arenas the models are so close that tastes decide."""
    reasons: dict[str, int]
    votes: float
    """The mean number of votes of a voter."""


@dataclass(frozen=True, slots=True)
class Caught:
    """Careless voters of one behaviour. `half` and `nine_in_ten` are the votes until that share of them was flagged, or
    None if they cast fewer votes. `never` is the number never flagged."""

    name: str
    behaviour: str
    n: int
    half: int | None
    nine_in_ten: int | None
    never: int
    votes: float


Behaviour = Callable[[NDArray[np.integer], np.random.Generator], NDArray[np.integer]]
BEHAVIOURS: Mapping[str, Behaviour] = {
    "random: one of four buttons": lambda honest, rng: rng.integers(0, len(Outcome), len(honest)),
    "always left": lambda honest, rng: np.full(len(honest), Outcome.A),
    "always a tie": lambda honest, rng: np.full(len(honest), Outcome.TIE),
    "inverted: the worse one wins": lambda honest, rng: np.array([outcome.swapped for outcome in Outcome])[honest],
}


def honest(name: str, scenario: Scenario, n_arenas: int, *, careless: bool = False) -> Honest:
    """Simulate arenas of honest voters; with `careless`, one voter in ten is careless and is not counted."""
    arenas: list[list[Voter]] = []
    for seed in range(n_arenas):
        votes, others = simulate(replace(scenario, seed=seed)).votes, set[str]()
        if careless:
            for number, behaviour in enumerate(BEHAVIOURS.values()):
                chosen = np.arange(number, scenario.voters, 10 * len(BEHAVIOURS))
                votes = behaving(votes, chosen, behaviour, np.random.default_rng(seed))
                others |= {votes.voters[i] for i in chosen}
        found = examine(votes, level=LEVEL, seed=seed).voters
        arenas.append([voter for voter in found if voter.voter not in others])
    return _honest(name, arenas)


def _honest(name: str, arenas: Sequence[Sequence[Voter]]) -> Honest:
    voters = [voter for arena in arenas for voter in arena]
    reasons = Counter(voter.reason for voter in voters if voter.reason is not None)
    return Honest(
        name,
        Share.of(reasons.total(), len(voters)),
        worst=max(sum(voter.reason is not None for voter in arena) / len(arena) for arena in arenas),
        reasons={test: reasons[test] for test in sorted(reasons)},
        votes=fmean(voter.n_votes for voter in voters),
    )


def minority(name: str, scenario: Scenario, n_arenas: int) -> Honest:
    """Simulate the limit of the tests: one voter in ten, all honest, rates all models differently from the rest."""
    arenas = []
    for seed in range(n_arenas):
        most, others = (simulate(replace(scenario, seed=2000 + 2 * seed + camp)).votes for camp in range(2))
        assert most.voter is not None
        assert others.voter is not None
        n_others = scenario.voters // 10
        of_most, of_others = np.flatnonzero(most.voter >= n_others), np.flatnonzero(others.voter < n_others)
        order = np.argsort(np.concatenate([of_most, of_others]), kind="stable")
        columns = {
            column: np.concatenate([getattr(most, column)[of_most], getattr(others, column)[of_others]])[order]
            for column in ("a", "b", "outcome", "voter")
        }
        names = set(most.voters[:n_others])
        found = examine(replace(most, **columns), level=LEVEL, seed=seed).voters
        arenas.append([voter for voter in found if voter.voter in names])
    return _honest(name, arenas)


def caught(name: str, behaviour: str, scenario: Scenario, n_arenas: int) -> Caught:
    """Simulate arenas in which one voter in twenty has this behaviour."""
    after: list[float] = []
    n_votes = 0
    for seed in range(n_arenas):
        votes = simulate(replace(scenario, seed=1000 + seed)).votes
        chosen = np.arange(0, scenario.voters, ONE_IN)
        votes = behaving(votes, chosen, BEHAVIOURS[behaviour], np.random.default_rng(seed))
        names = {votes.voters[i] for i in chosen}
        found = [voter for voter in examine(votes, level=LEVEL, seed=seed).voters if voter.voter in names]
        after += [np.inf if voter.flagged_after is None else voter.flagged_after for voter in found]
        n_votes += sum(voter.n_votes for voter in found)
    half, most = (_whole(float(np.quantile(after, share, method="inverted_cdf"))) for share in (0.5, 0.9))
    return Caught(name, behaviour, len(after), half, most, int(np.isinf(after).sum()), n_votes / len(after))


def behaving(votes: Votes, voters: NDArray[np.integer], behaviour: Behaviour, rng: np.random.Generator) -> Votes:
    """Return the votes with the outcomes of `voters` replaced by their behaviour."""
    assert votes.voter is not None
    outcome = votes.outcome.copy()
    chosen = np.isin(votes.voter, voters)
    outcome[chosen] = behaviour(outcome[chosen], rng)
    return replace(votes, outcome=outcome)


def _whole(votes: float) -> int | None:
    return int(votes) if np.isfinite(votes) else None


def tables(honest: Iterable[Honest], caught: Iterable[Caught]) -> str:
    """Return one row per kind of arena for honest voters, and one per behaviour and kind for careless ones."""
    lines = [
        "| honest voters | voters | votes of each | ever flagged | 95 % interval | worst arena | by sides | by ties "
        "| by others |",
        "| --- |" + " ---: |" * 8,
    ]
    for row in honest:
        share = row.flagged
        reasons = [_percent(row.reasons.get(test, 0) / share.n) for test in ("sides", "ties", "others")]
        cells = [row.name, f"{share.n:,}", f"{row.votes:,.0f}", _percent(share.share or 0.0)]
        cells += [f"{100 * share.low:.1f} to {_percent(share.high)}", _percent(row.worst), *reasons]
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        "| careless voters | arena | voters | votes until half are flagged | until nine in ten are | never flagged |",
        "| --- | --- |" + " ---: |" * 4,
    ]
    for one in caught:
        cells = [one.behaviour, one.name, f"{one.n}", _votes(one.half), _votes(one.nine_in_ten)]
        lines.append(f"| {' | '.join([*cells, f'{one.never} in {one.votes:,.0f} votes'])} |")
    return "\n".join(lines) + "\n"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _votes(n: int | None) -> str:
    return "-" if n is None else f"{n:,}"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.voters", description="Simulate how often the tests flag honest and careless voters."
    )
    parser.add_argument("--arenas", type=int, default=4, metavar="N", help="arenas of each kind (default %(default)s)")
    parser.add_argument(
        "--output",
        type=Path,
        default=RESULTS / "voters.json",
        metavar="FILE",
        help="default: bench/results/voters.json",
    )
    args = parser.parse_args(argv)
    found_honest, found_caught = [], []
    for name, scenario in HONEST.items():
        n_arenas = args.arenas * (10 if scenario.voters < 100 else 2 if scenario.voters < 500 else 1)
        found_honest.append(honest(name, scenario, n_arenas))
        print(found_honest[-1], file=sys.stderr, flush=True)
    found_honest.append(honest("usual, and one in ten is careless", USUAL, args.arenas, careless=True))
    limit = minority(LIMIT, USUAL, args.arenas)
    for name, scenario in CAUGHT.items():
        for behaviour in BEHAVIOURS:
            found_caught.append(caught(name, behaviour, scenario, args.arenas))
            print(found_caught[-1], file=sys.stderr, flush=True)
    print(tables([*found_honest, limit], found_caught))
    content: dict[str, Any] = {
        "command": f"python -m bench.voters --arenas {args.arenas}",
        "date": now(),
        "numpy": np.__version__,
        "level": LEVEL,
        "scenarios": {name: asdict(scenario) for name, scenario in HONEST.items()},
        "honest": [{**asdict(row), "share": row.flagged.share} for row in found_honest],
        "limit": {**asdict(limit), "share": limit.flagged.share},
        "caught": [asdict(row) for row in found_caught],
    }
    result_files.write(args.output, content)
    return 0


def markdown(path: Path) -> str:
    """Return the tables of a results file."""
    content = result_files.read(path)
    honest_rows = [
        Honest(row["name"], Share(**row["flagged"]), row["worst"], row["reasons"], row["votes"])
        for row in (*content["honest"], {**content["limit"], "name": LIMIT})
    ]
    return tables(honest_rows, [Caught(**row) for row in content["caught"]])


if __name__ == "__main__":
    sys.exit(main())
