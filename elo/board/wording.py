"""The settings of a rating in words, for the printed table and for the page.

`described` decides which phrases apply and fills in their numbers. `str(phrase)` is English; a page looks up its own
translation by `phrase.key` and fills it with `phrase.values`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from elo.chance.intervals import IntervalKind
from elo.settings import COLUMN, Settings

ENGLISH: Mapping[str, str] = {
    "rated_bradley_terry": "Bradley-Terry fit",
    "rated_elo": "online Elo in the order of the votes, K = {k}, start {start}",
    "rated_ties_half": "ties and both-bad are half a win each",
    "rated_ties_half_only": "ties are half a win each, both-bad is left out of the fit",
    "rated_ties_ignored": "ties and both-bad are left out of the fit",
    "rated_ties_modelled": "ties and both-bad are a third outcome ({model})",
    "rated_ties_modelled_only": "ties are a third outcome ({model}), both-bad is left out of the fit",
    "rated_prior": "prior: {ties} virtual ties of each model against an average opponent",
    "rated_prior_one": "prior: 1 virtual tie of each model against an average opponent",
    "rated_no_prior": "no prior: exact maximum likelihood",
    "rated_mean": "mean {mean}",
    "rated_mean_by_battles": "mean by battles {mean}",
    "rated_anchor": "anchor {anchors}",
    "rated_anchors": "anchors, by their mean: {anchors}",
    "rated_scale": "{scale} points are odds of {base} to 1",
    "rated_weights_pair": "a vote weighs 1 / max(votes of its pair, 50), scaled to a mean of 1",
    "rated_weights_draw": "a vote weighs 1 / the chance that its pair was drawn, scaled to a mean of 1",
    "rated_half_life_one": "a vote loses half its weight in a day, counted from the newest vote",
    "rated_half_life": "a vote loses half its weight in {days} days, counted from the newest vote",
    "rated_control": "ratings for equal {covariates}",
    "rated_control_ridge": "ratings for equal {covariates}, ridge {ridge}",
    "rated_intervals_bootstrap": "{level} % intervals: percentile bootstrap, {rounds} rounds, seed {seed}",
    "rated_intervals_sandwich": "{level} % intervals: sandwich",
    "rated_intervals_sandwich_instead": (
        "{level} % intervals: sandwich, because some bootstrap rounds have no finite ratings"
    ),
    "rated_intervals_jackknife_pair": "{level} % intervals: jackknife by prepared pair",
    "rated_intervals_jackknife_voter": "{level} % intervals: jackknife by voter",
    "rated_intervals_jackknife_column": "{level} % intervals: jackknife by {column}",
    "rated_intervals_hessian": "{level} % intervals: inverse Hessian",
    "rated_intervals_none": "no intervals",
    "rated_simultaneous": "the intervals hold for all models at once",
}
"""Key -> English, with the names of its values."""

_TIE_MODELS = {"davidson": "Davidson", "rao-kupper": "Rao-Kupper"}


@dataclass(frozen=True, slots=True)
class Phrase:
    """One fact about a rating: a clause without a full stop. Numbers in `values` are already formatted."""

    key: str
    values: Mapping[str, str]

    def __str__(self) -> str:
        return ENGLISH[self.key].format_map(self.values)


def described(settings: Settings, kinds: Collection[IntervalKind], *, by_voter: bool = False) -> tuple[Phrase, ...]:
    """How the ratings were computed: every setting that moves a number, one phrase each, the usual ones first.

    `kinds` are those of the board's intervals (`Leaderboard.kinds`), because they also depend on the votes; for a
    board without rows they are what the settings ask for. `by_voter` is `Leaderboard.is_by_voter`.

    >>> print("; ".join(map(str, described(Settings(method="elo"), {"none"}))))
    online Elo in the order of the votes, K = 32, start 1000; 400 points are odds of 10 to 1; no intervals
    """
    scale = Phrase("rated_scale", {"scale": f"{settings.scale:g}", "base": f"{settings.base:g}"})
    if settings.method == "elo":
        online = Phrase("rated_elo", {"k": f"{settings.k:g}", "start": f"{settings.start:g}"})
        return online, scale, Phrase("rated_intervals_none", {})
    return (
        Phrase("rated_bradley_terry", {}),
        _ties(settings),
        _prior(settings),
        _gauge(settings),
        scale,
        *_weights(settings),
        *_control(settings),
        *_intervals(settings, kinds, by_voter=by_voter or settings.cluster == "voter"),
    )


def common_kind(kinds: Collection[IntervalKind]) -> IntervalKind:
    """How a board's intervals are made, short records aside."""
    return next(
        (kind for kind in kinds if kind not in ("hessian", "none")), "hessian" if "hessian" in kinds else "none"
    )


def _ties(settings: Settings) -> Phrase:
    if settings.ties == "ignore":
        return Phrase("rated_ties_ignored", {})
    only = "_only" if settings.both_bad == "ignore" else ""
    if settings.ties == "half":
        return Phrase(f"rated_ties_half{only}", {})
    return Phrase(f"rated_ties_modelled{only}", {"model": _TIE_MODELS[settings.ties]})


def _prior(settings: Settings) -> Phrase:
    if not settings.prior:
        return Phrase("rated_no_prior", {})
    if settings.prior == 1:
        return Phrase("rated_prior_one", {})
    return Phrase("rated_prior", {"ties": f"{settings.prior:g}"})


def _gauge(settings: Settings) -> Phrase:
    if settings.gauge == "anchor":
        anchors = ", ".join(f"{name} = {rating:g}" for name, rating in settings.anchor)
        return Phrase("rated_anchor" if len(settings.anchor) == 1 else "rated_anchors", {"anchors": anchors})
    key = "rated_mean" if settings.gauge == "mean" else "rated_mean_by_battles"
    return Phrase(key, {"mean": f"{settings.mean:g}"})


def _weights(settings: Settings) -> list[Phrase]:
    phrases = [] if settings.weights == "none" else [Phrase(f"rated_weights_{settings.weights}", {})]
    if settings.half_life_days is not None:
        key = "rated_half_life_one" if settings.half_life_days == 1 else "rated_half_life"
        phrases.append(Phrase(key, {} if settings.half_life_days == 1 else {"days": f"{settings.half_life_days:g}"}))
    return phrases


def _control(settings: Settings) -> list[Phrase]:
    if not settings.control:
        return []
    covariates = ", ".join(name.removeprefix(COLUMN) for name in settings.control)
    if not settings.ridge:
        return [Phrase("rated_control", {"covariates": covariates})]
    return [Phrase("rated_control_ridge", {"covariates": covariates, "ridge": f"{settings.ridge:g}"})]


def _intervals(settings: Settings, kinds: Collection[IntervalKind], *, by_voter: bool) -> list[Phrase]:
    kind = common_kind(kinds or {_asked_for(settings)})
    if kind == "none":
        return [Phrase("rated_intervals_none", {})]
    values = {"level": f"{100 * settings.level:g}"}
    if kind == "bootstrap":
        values |= {"rounds": f"{settings.bootstrap:,}", "seed": f"{settings.seed}"}
    variant = ""
    if kind == "jackknife" and (column := settings.cluster_column) is not None:
        variant, values = "_column", values | {"column": column}
    elif kind == "jackknife":
        variant = "_voter" if by_voter else "_pair"
    elif kind == "sandwich" and settings.resamples:
        variant = "_instead"
    phrases = [Phrase(f"rated_intervals_{kind}{variant}", values)]
    if settings.simultaneous:
        phrases.append(Phrase("rated_simultaneous", {}))
    return phrases


def _asked_for(settings: Settings) -> IntervalKind:
    if settings.resamples:
        return "bootstrap" if settings.bootstrap else "none"
    return "jackknife" if settings.cluster not in ("auto", "none") else "sandwich"
