import json
import math
from array import array

import numpy as np
import pytest

from db.style import StyleCounts
from elo.votes.style import Features, features, of_metadata


def test_answers_of_several_turns_are_summed() -> None:
    answers = [StyleCounts.of(text) for text in ("# a", "**b** ", "c")]
    assert Features.of_answers(answers, tokens=12, seconds=1.5) == (12, 10, 1, 0, 1, 1.5)


def test_no_answers_are_unknown_and_an_empty_one_is_empty() -> None:
    assert all(map(math.isnan, Features.of_answers([])))
    assert Features.of_answers([StyleCounts.of("")])[1:5] == (0, 0, 0, 0)


METADATA = {
    "sum_user_tokens": 9,
    "sum_assistant_a_tokens": 100,
    "sum_assistant_b_tokens": 60,
    "header_count_a": {"h1": 1, "h2": 2, "h3": None, "h4": 0, "h5": 0, "h6": 0},
    "header_count_b": {"h1": 0, "h2": 0, "h3": 0, "h4": 0, "h5": 0, "h6": 0},
    "list_count_a": {"ordered": 3, "unordered": 4},
    "list_count_b": {"ordered": 0, "unordered": 1},
    "bold_count_a": {"**": 5, "__": 0},
    "bold_count_b": 2,
    "turns": 1,
}


@pytest.mark.parametrize("given", [METADATA, json.dumps(METADATA), str(METADATA)], ids=["object", "json", "python"])
def test_the_metadata_of_public_exports_is_read(given: object) -> None:
    a, b = of_metadata(given)
    assert (a.tokens, *a[2:5]) == (100, 3, 7, 5)
    assert (b.tokens, *b[2:5]) == (60, 0, 1, 2)
    assert math.isnan(a.characters)
    assert math.isnan(a.seconds)


def test_numbers_that_are_text_are_read() -> None:
    a, b = of_metadata({"sum_assistant_a_tokens": "12", "sum_assistant_b_tokens": "", "header_count_b": "2.0"})
    assert (a.tokens, b.headers) == (12, 2)
    assert math.isnan(b.tokens)


def test_what_the_metadata_lacks_is_unknown() -> None:
    a, b = of_metadata({"sum_assistant_a_tokens": 3, "list_count_b": None, "bold_count_b": {}})
    assert a.tokens == 3
    assert all(map(math.isnan, [*a[1:], *b]))


@pytest.mark.parametrize("given", [None, 3, "", "many", "[1, 2]", "{'a': ", [METADATA], "(" * 5000])
def test_no_object_is_refused(given: object) -> None:
    with pytest.raises(ValueError, match=r"^conv_metadata .* is not an object with counts for sides a and b$"):
        of_metadata(given)


@pytest.mark.parametrize("count", [-1, "many", True, [1], {"h1": -2}, {"h1": "x"}, {"h1": {}}, math.inf])
def test_a_value_that_is_not_a_count_is_refused(count: object) -> None:
    with pytest.raises(ValueError, match=r"^header_count_b .* is not a count; expected a number from 0"):
        of_metadata({"header_count_b": count})


def test_features_of_votes_are_arrays_by_name_without_the_unknown() -> None:
    flat = array("d")
    for _ in range(3):
        for side in of_metadata(METADATA):
            flat.extend(side)
    flat.extend([math.nan] * 12)
    found = features(flat, 4)
    assert list(found) == ["tokens", "headers", "lists", "bold"]
    assert found["tokens"].shape == (4, 2)
    assert found["tokens"][0].tolist() == [100, 60]
    assert np.isnan(found["tokens"][3]).all()


def test_features_of_another_number_of_votes_are_refused() -> None:
    with pytest.raises(ValueError, match="11 values; expected 12 for each of 1 votes"):
        features([1.0] * 11, 1)
    assert features([], 0) == {}
