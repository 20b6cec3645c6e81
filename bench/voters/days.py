"""How often a day is found in arenas without a push, and with one."""

from dataclasses import dataclass

from bench.voters.arenas import CROWDS, Town, town
from bench.voters.measures import LEVEL
from elo.quality.shares import Share
from elo.quality.surges import surges

_MODEL = 12


@dataclass(frozen=True, slots=True)
class Quiet:
    """Arenas without a push: how many show a day."""

    name: str
    found: Share


@dataclass(frozen=True, slots=True)
class Pushed:
    """Arenas with a push: in how many its day, model and voters are found (of a push on all days: any day), and how
    many other findings there are in all."""

    name: str
    found: Share
    others: int


def quiet(name: str, scene: Town, n_arenas: int) -> Quiet:
    shown = sum(bool(surges(town(scene, seed), level=LEVEL).found) for seed in range(n_arenas))
    return Quiet(name, Share.of(shown, n_arenas))


def pushed(name: str, scene: Town, n_arenas: int) -> Pushed:
    crowd = CROWDS[name]
    hits = others = 0
    for seed in range(n_arenas):
        found = surges(town(scene, 1000 + seed, crowd, model=_MODEL), level=LEVEL)
        days = sorted({day.day for day in found.days})
        right = [
            one
            for one in found.found
            if (one.model, one.voters, one.direction) == (f"m{_MODEL:02}", "new", "for")
            and (crowd.day is None or one.day == days[crowd.day])
        ]
        hits += bool(right)
        others += len(found.found) - len(right)
    return Pushed(name, Share.of(hits, n_arenas), others)
