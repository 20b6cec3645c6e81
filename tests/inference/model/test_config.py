import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from inference.model.config import CheckpointError, ModelConfig, read_object, reason
from tests.inference.model.builders import tiny_config

MISTRAL_7B = ModelConfig(4096, 32, 128, 14336, 32, 8, 1e-5, 32000, 4096)


def test_the_parameters_of_mistral_7b_are_counted_as_its_card_says() -> None:
    assert MISTRAL_7B.n_parameters == 7_241_732_096


def test_a_window_is_one_number_for_all_layers_or_a_repeating_list() -> None:
    assert MISTRAL_7B.window(0) == MISTRAL_7B.window(31) == 4096
    mixed = replace(MISTRAL_7B, sliding_window=(8, None))
    assert [mixed.window(layer) for layer in range(4)] == [8, None, 8, None]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dim": 0}, "dim is 0; a whole number of at least 1"),
        ({"n_layers": 2.0}, "n_layers is 2.0; a whole number"),
        ({"vocab_size": True}, "vocab_size is True; a whole number"),
        ({"norm_eps": 0}, "norm_eps is 0; a positive number"),
        ({"rope_theta": "1e4"}, "rope_theta is '1e4'; a positive number"),
        ({"tied_embeddings": "no"}, "tied_embeddings is 'no'; true or false"),
        ({"n_kv_heads": 3}, "n_heads is 4 and n_kv_heads 3; a multiple"),
        ({"head_dim": 7}, "head_dim is 7; an even number"),
        ({"sliding_window": 0}, "sliding_window is 0; a whole number of at least 1"),
        ({"sliding_window": ()}, r"sliding_window is \(\); a whole number of at least 1"),
        ({"sliding_window": (4, "x")}, r"sliding_window is \(4, 'x'\); a whole number"),
        ({"sliding_window": (4, 4, 4)}, "sliding_window lists 3 layers; a divisor of n_layers 2"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(change: dict[str, Any], message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        replace(tiny_config(), **change)


@pytest.mark.parametrize("text", ["{", '{"dim": ', "\udcff", "[" * 100_000])
def test_text_that_is_not_json_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "params.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(CheckpointError, match=r"params.json cannot be read as JSON"):
        read_object(path, "states the shape")


def test_a_file_that_cannot_be_read_is_named_once(tmp_path: Path) -> None:
    (tmp_path / "params.json").mkdir()
    with pytest.raises(CheckpointError, match=r"params.json cannot be read as JSON: Is a directory$"):
        read_object(tmp_path / "params.json", "states the shape")
    path = tmp_path / "weights"
    assert reason(ValueError(f"in '{path}': bad {path}\nmore"), path) == "in it: bad it"
    assert reason(EOFError(), path) == "EOFError"


def test_json_that_is_not_an_object_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "params.json"
    with pytest.raises(CheckpointError, match=r"no params.json in .*; it states the shape"):
        read_object(path, "states the shape")
    path.write_text("[1, 2]")
    with pytest.raises(CheckpointError, match="contains a list; a JSON object"):
        read_object(path, "states the shape")


def test_reading_a_configuration_imports_no_torch() -> None:
    code = "import sys, inference.model.checkpoint.files; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
