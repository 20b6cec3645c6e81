import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from inference.model.checkpoint.convert import convert
from inference.model.checkpoint.files import read_checkpoint
from inference.model.checkpoint.shape.params_json import params_text
from inference.model.checkpoint.weights import load, save
from inference.model.config import CheckpointError, YarnScaling
from tests.inference.model.builders import (
    hugging_face_logits,
    hugging_face_model,
    random_ids,
    random_model,
    tiny_config,
)

State = dict[str, torch.Tensor]
ROWS = ("wq", "wk", "wv", "w1", "w3", "output")  # column-parallel in Llama's code: each file has some of the rows
COLUMNS = ("wo", "w2", "tok_embeddings")


def write_pth(folder: Path, n_files: int = 1, dtype: torch.dtype = torch.float32) -> State:
    """Write a tiny model in the original layout, split as Llama 2's larger ones are; return its whole state."""
    config = replace(tiny_config(sliding_window=None), vocab_size=96)
    state = {name: tensor.to(dtype) for name, tensor in random_model(config).state_dict().items()}
    folder.mkdir(exist_ok=True)
    for number in range(n_files):
        part = {"rope.freqs": torch.ones(4)}
        for name, tensor in state.items():
            kind = name.split(".")[-2]
            dim = 0 if kind in ROWS else 1 if kind in COLUMNS else None
            part[name] = tensor if dim is None else tensor.chunk(n_files, dim)[number].clone()
        torch.save(part, folder / f"consolidated.{number:02}.pth")
    (folder / "params.json").write_text(params_text(config))
    return state


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_a_release_of_one_file_keeps_every_bit_and_its_dtype(tmp_path: Path, dtype: torch.dtype) -> None:
    state = write_pth(tmp_path / "pth", dtype=dtype)
    convert(tmp_path / "pth", tmp_path / "new")
    written = load_file(tmp_path / "new" / "consolidated.safetensors")
    assert written.keys() == state.keys()
    assert all(torch.equal(written[name], state[name]) and written[name].dtype == dtype for name in state)
    load(tmp_path / "new")


def test_files_split_for_tensor_parallelism_are_joined(tmp_path: Path) -> None:
    state = write_pth(tmp_path / "pth", n_files=2)
    params = {"dim": 48, "multiple_of": 80, "n_heads": 4, "n_kv_heads": 2, "n_layers": 2, "norm_eps": 1e-5}
    llama = {**params, "ffn_dim_multiplier": 0.5, "head_dim": 8, "vocab_size": -1}  # 8/3 * 48 * 0.5 -> 80
    (tmp_path / "pth" / "params.json").write_text(json.dumps(llama))
    steps: list[tuple[int, int]] = []
    convert(tmp_path / "pth", tmp_path / "new", progress=lambda done, total: steps.append((done, total)))
    written = load_file(tmp_path / "new" / "consolidated.safetensors")
    assert all(torch.equal(written[name], state[name]) for name in state)
    checkpoint = read_checkpoint(tmp_path / "new")
    assert (checkpoint.family, checkpoint.config.vocab_size, checkpoint.config.max_seq_len) == ("llama", 96, 4096)
    n_bytes = 4 * checkpoint.config.n_parameters
    assert steps[-1] == (n_bytes, n_bytes)


def test_hugging_faces_layout_is_converted_to_mistrals(tmp_path: Path) -> None:
    config = replace(tiny_config(sliding_window=(None, 7)), rope_scaling=YarnScaling(4.0, 16, attention_factor=1.2))
    theirs, ids = hugging_face_model(config), random_ids(60)
    theirs.save_pretrained(tmp_path / "theirs", max_shard_size="60KB")
    convert(tmp_path / "theirs", tmp_path / "new")
    assert read_checkpoint(tmp_path / "new").config == config
    logits = load(tmp_path / "new").forward_full(torch.tensor([ids]))[0]
    torch.testing.assert_close(logits, hugging_face_logits(theirs, ids), atol=1e-4, rtol=1e-4)


def test_an_original_release_may_repeat_a_tied_head(tmp_path: Path) -> None:
    state = write_pth(tmp_path / "pth", n_files=2)
    params = tmp_path / "pth" / "params.json"
    params.write_text(json.dumps({**json.loads(params.read_text()), "tied_embeddings": True}))
    with pytest.raises(CheckpointError, match=r"output.weight is not tok_embeddings.weight, and params.json says that"):
        convert(tmp_path / "pth", tmp_path / "new")
    for number, rows in enumerate(state["tok_embeddings.weight"].chunk(2)):
        path = tmp_path / "pth" / f"consolidated.{number:02}.pth"
        torch.save({**torch.load(path), "output.weight": rows.clone()}, path)
    convert(tmp_path / "pth", tmp_path / "new")
    assert "output.weight" not in load_file(tmp_path / "new" / "consolidated.safetensors")
    load(tmp_path / "new")


def test_no_file_is_overwritten_and_a_failure_leaves_none(tmp_path: Path) -> None:
    write_pth(tmp_path / "pth")
    for there in (tmp_path, tmp_path / "pth" / "params.json"):
        with pytest.raises(CheckpointError, match="already exists; a new or empty folder was expected"):
            convert(tmp_path / "pth", there)
    torch.save({"norm.weight": torch.ones(48)}, tmp_path / "pth" / "consolidated.01.pth")
    with pytest.raises(CheckpointError, match=r"tok_embeddings.weight is missing in consolidated.01.pth"):
        convert(tmp_path / "pth", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_norms_that_differ_between_the_files_are_refused(tmp_path: Path) -> None:
    write_pth(tmp_path / "pth", n_files=2)
    path = tmp_path / "pth" / "consolidated.01.pth"
    state = torch.load(path)
    torch.save({**state, "norm.weight": torch.ones(48)}, path)
    with pytest.raises(CheckpointError, match=r"norm.weight differs between consolidated.00.pth and the other files"):
        convert(tmp_path / "pth", tmp_path / "new")
    assert not list((tmp_path / "new").iterdir())


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return print, ("a pickle ran code",)


def test_a_pickle_that_would_run_code_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_pth(tmp_path)
    torch.save({"norm.weight": Evil()}, tmp_path / "consolidated.00.pth")
    with pytest.raises(CheckpointError, match=r"consolidated.00.pth cannot be read as tensors"):
        convert(tmp_path, tmp_path / "new")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", r"cannot be read as tensors \(0 bytes"),
        (b"version https://git-lfs.github.com/spec/v1\n", "cannot be read as tensors"),
        ([1, 2], "is not a dictionary of tensors"),
        ({"a": 1}, "is not a dictionary of tensors"),
    ],
)
def test_a_file_that_is_not_a_release_is_named(tmp_path: Path, content: object, match: str) -> None:
    write_pth(tmp_path)
    path = tmp_path / "consolidated.00.pth"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    with pytest.raises(CheckpointError, match=match):
        convert(tmp_path, tmp_path / "new")


def test_every_misfit_of_a_release_is_named(tmp_path: Path) -> None:
    write_pth(tmp_path)
    path = tmp_path / "consolidated.00.pth"
    state = torch.load(path)
    changed = {**state, "extra": torch.ones(2), "norm.weight": torch.ones(48, dtype=torch.int8)}
    torch.save(changed, path)
    with pytest.raises(CheckpointError, match=r"extra \[2\] in .* is unknown; norm.weight in .* is torch.int8, exp"):
        convert(tmp_path, tmp_path / "new")
    torch.save({**state, "norm.weight": torch.ones(47)}, path)
    with pytest.raises(CheckpointError, match=r"norm.weight is \[47\], expected \[48\]"):
        convert(tmp_path, tmp_path / "new")


CONFIG = {
    "peft_type": "LORA",
    "task_type": "CAUSAL_LM",
    "base_model_name_or_path": "org/base",
    "r": 4,
    "lora_alpha": 6,
    "lora_dropout": 0.05,
    "bias": "none",
    "fan_in_fan_out": False,
    "modules_to_save": None,
    "use_rslora": False,
    "rank_pattern": {},
    "target_modules": ["q_proj", "k_proj", "down_proj"],
    "inference_mode": True,
    "qalora_group_size": 16,
}
MODULES = (
    "model.layers.0.self_attn.q_proj",
    "model.layers.1.self_attn.k_proj",
    "model.layers.0.mlp.down_proj",
    "lm_head",
)


def write_adapter(folder: Path, theirs: Any, **changes: Any) -> State:
    """Write an adapter of some modules of `theirs`, with PEFT's file names; return its tensors."""
    generator = torch.Generator().manual_seed(3)
    tensors = {}
    for name in MODULES:
        n_out, n_in = theirs.get_submodule(name).weight.shape
        for half, shape in (("A", (4, n_in)), ("B", (n_out, 4))):
            tensors[f"base_model.model.{name}.lora_{half}.weight"] = 0.3 * torch.randn(shape, generator=generator)
    folder.mkdir(exist_ok=True)
    save_file(tensors, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps({**CONFIG, **changes}))
    return tensors


@pytest.fixture(scope="module")
def theirs() -> Any:
    return hugging_face_model(tiny_config())


@pytest.mark.parametrize("is_mistral", [False, True])
@pytest.mark.parametrize(("use_rslora", "scale"), [(False, 1.5), (True, 3.0)])
def test_a_merged_base_answers_as_base_and_adapter_do(
    tmp_path: Path, is_mistral: bool, use_rslora: bool, scale: float
) -> None:
    theirs = hugging_face_model(tiny_config())
    theirs.save_pretrained(tmp_path / "base")
    if is_mistral:
        save(load(tmp_path / "base"), tmp_path / "mistral")
    tensors = write_adapter(tmp_path / "adapter", theirs, use_rslora=use_rslora)
    convert(tmp_path / ("mistral" if is_mistral else "base"), tmp_path / "new", adapter=tmp_path / "adapter")
    for name in MODULES:  # what PEFT computes at every call, with transformers' own model: W x + s B (A x)
        a, b = (tensors[f"base_model.model.{name}.lora_{half}.weight"] for half in "AB")
        theirs.get_submodule(name).register_forward_hook(
            lambda _module, inputs, output, a=a, b=b: output + scale * (inputs[0] @ a.T) @ b.T
        )
    ids = random_ids(30)
    logits = load(tmp_path / "new").forward_full(torch.tensor([ids]))[0]
    torch.testing.assert_close(logits, hugging_face_logits(theirs, ids), atol=2e-4, rtol=2e-4)


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"peft_type": "IA3"}, "peft_type is 'IA3'; only 'LORA'"),
        ({"bias": "all"}, "bias is 'all'; only 'none'"),
        ({"init_lora_weights": "pissa_niter_4"}, "changed the base"),
        ({"fan_in_fan_out": True}, "sets fan_in_fan_out True; that cannot be merged"),
        ({"modules_to_save": ["lm_head"]}, r"sets modules_to_save \['lm_head'\]"),
        ({"use_dora": True, "rank_pattern": {"q": 8}}, r"sets rank_pattern {'q': 8}, use_dora True"),
        ({"something_new": 7}, "sets something_new 7"),
        ({"r": 0}, "r is 0; a number above 0"),
        ({"lora_alpha": None}, "lora_alpha is None; a number above 0"),
    ],
)
def test_a_setting_that_cannot_be_merged_is_named(tmp_path: Path, theirs: Any, changes: Any, match: str) -> None:
    save(random_model(tiny_config()), tmp_path / "base")
    write_adapter(tmp_path / "adapter", theirs, **changes)
    with pytest.raises(CheckpointError, match=match):
        convert(tmp_path / "base", tmp_path / "new", adapter=tmp_path / "adapter")
    assert not (tmp_path / "new").exists()


def test_tensors_of_an_adapter_that_fit_no_weight_are_named(tmp_path: Path, theirs: Any) -> None:
    save(random_model(tiny_config()), tmp_path / "base")
    tensors = write_adapter(tmp_path / "adapter", theirs)
    path = tmp_path / "adapter" / "adapter_model.safetensors"
    layer = "base_model.model.model.layers.0"
    lost = f"{layer}.mlp.down_proj.lora_A.weight"
    changed = {name: tensor for name, tensor in tensors.items() if name != lost}
    changed[f"{layer}.self_attn.q_proj.lora_A.weight"] = torch.ones(4, 5)
    changed[f"{layer}.input_layernorm.lora_A.weight"] = torch.ones(4, 5)
    changed["base_model.model.model.layers.9.mlp.up_proj.lora_A.weight"] = torch.ones(4, 5)
    save_file(changed, path)
    with pytest.raises(CheckpointError) as caught:
        convert(tmp_path / "base", tmp_path / "new", adapter=tmp_path / "adapter")
    for part in (
        f"{layer}.input_layernorm.lora_A.weight belongs to no weight",
        "layers.9.mlp.up_proj.lora_A.weight belongs to no weight",
        "layers.0.feed_forward.w2.weight has lora_B alone",
        "layers.0.attention.wq.weight [32, 48] does not fit lora_A and lora_B [4, 5] and [32, 4]",
    ):
        assert part in str(caught.value)
    save_file({}, path)
    with pytest.raises(CheckpointError, match="does not fit the base: it has no factors"):
        convert(tmp_path / "base", tmp_path / "new", adapter=tmp_path / "adapter")


def test_a_missing_or_damaged_adapter_is_named(tmp_path: Path, theirs: Any) -> None:
    save(random_model(tiny_config()), tmp_path / "base")
    adapter = tmp_path / "adapter"
    write_adapter(adapter, theirs)
    (adapter / "adapter_model.safetensors").write_bytes(b"")
    with pytest.raises(CheckpointError, match=r"adapter_model.safetensors is truncated or damaged"):
        convert(tmp_path / "base", tmp_path / "new", adapter=adapter)
    (adapter / "adapter_model.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"no adapter_model.safetensors in .*; an adapter saved as safetensors"):
        convert(tmp_path / "base", tmp_path / "new", adapter=adapter)
    shutil.rmtree(adapter)
    with pytest.raises(CheckpointError, match=r"no adapter_config.json in"):
        convert(tmp_path / "base", tmp_path / "new", adapter=adapter)
