import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from inference.model.checkpoint.files import load_config
from inference.model.checkpoint.weights import default_dtype, load, load_served, save
from inference.model.config import CheckpointError, ModelConfig
from inference.model.score import score
from inference.model.transformer import Transformer
from tests.inference.model.builders import (
    hugging_face_model,
    random_ids,
    random_model,
    tiny_config,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save(random_model(tiny_config()), tmp_path)
    return tmp_path


def rewrite(folder: Path, **changes: torch.Tensor | None) -> None:
    """Replace, add or (None) remove tensors; a dot in a name is written __."""
    path = folder / "consolidated.safetensors"
    state = load_file(path)
    for key, tensor in changes.items():
        name = key.replace("__", ".")
        if tensor is None:
            del state[name]
        else:
            state[name] = tensor
    save_file(state, path)


@pytest.mark.parametrize("is_tied", [False, True])
def test_a_saved_model_is_loaded_bit_for_bit(tmp_path: Path, is_tied: bool) -> None:
    model = random_model(tiny_config(tied_embeddings=is_tied, sliding_window=(3, None)))
    save(model, tmp_path / "new" / "folder")
    again = load(tmp_path / "new" / "folder")
    assert again.config == model.config
    ids = torch.tensor([[1, 2, 3, 4, 5]])
    assert torch.equal(again.forward_full(ids), model.forward_full(ids))
    assert not any(weight.requires_grad for weight in again.parameters())


def test_saving_leaves_two_files_and_nothing_else(folder: Path) -> None:
    assert sorted(entry.name for entry in folder.iterdir()) == ["consolidated.safetensors", "params.json"]


def test_tensors_are_converted_to_the_requested_dtype(folder: Path) -> None:
    assert {weight.dtype for weight in load(folder, dtype=torch.bfloat16).parameters()} == {torch.bfloat16}
    save(random_model(tiny_config()), folder, dtype=torch.bfloat16)
    assert load_file(folder / "consolidated.safetensors")["norm.weight"].dtype == torch.bfloat16
    assert load(folder).norm.weight.dtype == torch.float32


def test_a_model_is_unchanged_when_its_file_is_overwritten(folder: Path) -> None:
    model, ids = load(folder), torch.tensor([[1, 2, 3]])
    before = model.forward_full(ids)
    (folder / "consolidated.safetensors").write_bytes(b"")
    assert torch.equal(model.forward_full(ids), before)


def test_small_models_default_to_float32_on_a_cpu_only(monkeypatch: pytest.MonkeyPatch) -> None:
    small = tiny_config()
    large = tiny_config(n_layers=10_000)
    assert large.n_parameters > 100_000_000
    assert default_dtype(small) == torch.float32
    assert default_dtype(large) == torch.bfloat16
    for capability, dtype in {(8, 0): torch.bfloat16, (7, 5): torch.float16}.items():
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device, found=capability: found)
        assert default_dtype(small, "cuda") == dtype


def test_one_error_names_every_misfit(folder: Path) -> None:
    rewrite(
        folder,
        norm__weight=None,
        layers__1__attention__wq__weight=None,
        layers__0__attention__wk__weight=torch.zeros(16, 5),
        layers__2__attention__wq__weight=torch.zeros(32, 48),
    )
    with pytest.raises(CheckpointError, match=r"do not fit their params\.json") as caught:
        load(folder)
    assert str(caught.value).split(": ", 1)[1].split("; ") == [
        "layers.1.attention.wq.weight is missing",
        "norm.weight is missing",
        "layers.2.attention.wq.weight [32, 48] is unknown",
        "layers.0.attention.wk.weight is [16, 5], expected [16, 48]",
    ]


@pytest.mark.parametrize("dtype", [torch.int8, torch.float8_e4m3fn])
def test_quantized_weights_are_refused(folder: Path, dtype: torch.dtype) -> None:
    rewrite(folder, norm__weight=torch.ones(48).to(dtype))
    with pytest.raises(CheckpointError, match=r"norm\.weight is (I8|F8_E4M3), expected one of BF16, F16, F32, F64"):
        load(folder)


def test_a_missing_head_that_is_not_tied_is_named(folder: Path) -> None:
    rewrite(folder, output__weight=None)
    with pytest.raises(CheckpointError, match=r"output\.weight is missing"):
        load(folder)


@pytest.mark.parametrize("size", [0, 5, 100, 20_000])
def test_a_truncated_file_is_named(folder: Path, size: int) -> None:
    path = folder / "consolidated.safetensors"
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(CheckpointError, match=rf"truncated or damaged \({size:,} bytes: .*; copy it again"):
        load(folder)


def test_a_file_that_is_not_safetensors_is_called_damaged(folder: Path) -> None:
    (folder / "consolidated.safetensors").write_bytes(b"version https://git-lfs.github.com/spec/v1\n" * 3)
    with pytest.raises(CheckpointError, match="truncated or damaged"):
        load(folder)


def test_the_error_for_missing_weights_names_what_is_there_instead(folder: Path) -> None:
    (folder / "consolidated.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"no consolidated.safetensors in .*: found no weights"):
        load(folder)
    (folder / "consolidated.00.pth").write_bytes(b"")
    with pytest.raises(
        CheckpointError, match=r"found consolidated.00.pth; turn them into safetensors: python -m inference convert"
    ):
        load(folder)


def test_a_missing_folder_and_damaged_params_are_checkpoint_errors(folder: Path) -> None:
    (folder / "params.json").write_text("{")
    with pytest.raises(CheckpointError, match="cannot be read as JSON"):
        load(folder)
    with pytest.raises(CheckpointError, match="no folder"):
        load(folder / "absent")


def test_a_model_whose_weights_have_moved_is_not_saved(folder: Path) -> None:
    before = load_config(folder), load_file(folder / "consolidated.safetensors").keys()
    model = load(folder)
    model.served()
    with pytest.raises(ValueError, match=r"no layers\.0\.attention\.wq\.weight: served\(\) has moved its weights"):
        save(model, folder)
    assert before == (load_config(folder), load_file(folder / "consolidated.safetensors").keys())


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    hugging_face_model(tiny_config()).save_pretrained(tmp_path, max_shard_size="60KB")
    return tmp_path


@pytest.mark.parametrize("is_tied", [False, True])
def test_both_layouts_and_one_file_or_many_are_the_same_model(tmp_path: Path, is_tied: bool) -> None:
    theirs = hugging_face_model(tiny_config(tied_embeddings=is_tied))
    theirs.save_pretrained(tmp_path / "many", max_shard_size="60KB")
    theirs.save_pretrained(tmp_path / "one")
    assert len(list((tmp_path / "many").glob("*.safetensors"))) > 2
    many, one = load(tmp_path / "many"), load(tmp_path / "one")
    save(one, tmp_path / "mistral")
    mistral = load(tmp_path / "mistral")
    assert many.config == one.config == mistral.config
    for name, weight in mistral.state_dict().items():
        assert torch.equal(weight, one.state_dict()[name]), name
        assert torch.equal(weight, many.state_dict()[name]), name


def test_tables_of_frequencies_in_older_files_are_ignored(shards: Path, tmp_path: Path) -> None:
    path = sorted(shards.glob("*.safetensors"))[0]
    names = ("model.layers.0.self_attn.rotary_emb.inv_freq", "model.rotary_emb.inv_freq")
    save_file({**load_file(path), **{name: torch.zeros(4) for name in names}}, path)
    load(shards)
    save(random_model(tiny_config()), tmp_path / "llama")
    rewrite(tmp_path / "llama", rope__freqs=torch.zeros(4))
    load(tmp_path / "llama")


def test_one_error_names_every_misfit_of_several_files(shards: Path) -> None:
    first, *_, last = sorted(shards.glob("*.safetensors"))
    state = load_file(first)
    lost = state.pop("model.layers.0.self_attn.k_proj.weight", None)
    assert lost is not None, "the sizes of the shards have moved it"
    state["model.layers.0.mlp.up_proj.bias"] = torch.zeros(3)
    save_file(state, first)
    twice = next(iter(state))
    save_file({**load_file(last), twice: state[twice]}, last)
    with pytest.raises(CheckpointError, match=r"do not fit their config\.json") as caught:
        load(shards)
    assert str(caught.value).split(": ", 1)[1].split("; ") == [
        f"{twice} is both in {first.name} and in {last.name}",
        "model.layers.0.self_attn.k_proj.weight is missing",
        "model.layers.0.mlp.up_proj.bias [3] is unknown",
    ]


def test_a_truncated_shard_is_named(shards: Path) -> None:
    last = sorted(shards.glob("*.safetensors"))[-1]
    last.write_bytes(last.read_bytes()[:-1])
    with pytest.raises(CheckpointError, match=rf"{last.name} is truncated or damaged"):
        load(shards)


def test_progress_reaches_all_bytes_and_both_loaders_score_alike(shards: Path) -> None:
    steps: list[tuple[int, int]] = []
    served = load_served(shards, progress=lambda done, total: steps.append((done, total)))
    plain = load(shards)
    n_bytes = 4 * plain.config.n_parameters
    assert [total for _, total in steps] == [n_bytes] * 5, "embedding, two blocks, norm, head"
    assert [done for done, _ in steps] == sorted({done for done, _ in steps})
    assert steps[-1] == (n_bytes, n_bytes)
    assert score(served, random_ids(40)) == pytest.approx(score(plain.served(), random_ids(40)), abs=1e-6)


MEASURE = """
import re, sys
from pathlib import Path
import torch
from inference.model.checkpoint import weights
def kib(key):  # not getrusage: its maximum begins with that of the process that started this one
    return int(re.search(key + r":\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
start = kib("VmRSS")
model = getattr(weights, sys.argv[2])(Path(sys.argv[1]), dtype=torch.bfloat16)
print((kib("VmHWM") - start) * 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the memory of a process is read from /proc")
@pytest.mark.parametrize("how", ["load", "load_served"])
def test_loading_takes_little_more_memory_than_the_model(tmp_path: Path, how: str) -> None:
    """All memory counts, mapped files included. Once memory had the model twice, and its file as well."""
    config = ModelConfig(768, 16, 64, 2048, 12, 4, 1e-5, 8000)
    n_bytes = 2 * config.n_parameters
    assert n_bytes > 200e6
    save(Transformer(config).to(torch.bfloat16), tmp_path)
    command = [sys.executable, "-c", MEASURE, str(tmp_path), how]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert int(done.stdout) < 1.3 * n_bytes
