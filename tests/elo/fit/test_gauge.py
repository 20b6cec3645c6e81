import numpy as np
import pytest

from elo.battles import MissingDataError
from elo.fit.gauge import Gauge
from elo.settings import Settings

MODELS = ("a", "b", "c")
BATTLES = np.array([10.0, 30.0, 60.0])
R = np.array([-1.0, 0.5, 2.0])


def test_the_plain_mean_is_fixed_by_default() -> None:
    gauge = Gauge.of(MODELS, BATTLES, Settings())
    assert (gauge.weights, gauge.target) == (None, 1000.0)
    assert gauge.centred(R).tolist() == [-1.5, 0.0, 1.5]


def test_models_may_weigh_by_their_battles() -> None:
    gauge = Gauge.of(MODELS, BATTLES, Settings(gauge="battles", mean=1500))
    assert gauge.weights is not None
    assert gauge.weights.tolist() == [0.1, 0.3, 0.6]
    assert gauge.target == 1500
    assert gauge.weights @ gauge.centred(R) == pytest.approx(0, abs=1e-15)


def test_one_anchor_has_its_rating_and_several_have_their_mean() -> None:
    one = Gauge.of(MODELS, BATTLES, Settings(gauge="anchor", anchor=(("c", 1200.0),)))
    assert one.centred(R)[2] == 0.0
    assert one.target == 1200
    two = Gauge.of(MODELS, BATTLES, Settings(gauge="anchor", anchor=(("c", 1200.0), ("a", 1000.0))))
    assert two.weights is not None
    assert two.weights.tolist() == [0.5, 0.0, 0.5]
    assert two.target == 1100
    assert two.centred(R)[[0, 2]].mean() == 0.0


def test_an_unknown_anchor_names_the_models_there_are() -> None:
    settings = Settings(gauge="anchor", anchor=(("a", 1.0), ("d", 2.0)))
    with pytest.raises(MissingDataError, match="anchor 'd' is not a model with votes; those are 'a', 'b', 'c'"):
        Gauge.of(MODELS, BATTLES, settings)
