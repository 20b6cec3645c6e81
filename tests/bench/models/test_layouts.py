"""All layouts contain the same model."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from bench.models.__main__ import main
from bench.models.layouts import hf_state, make
from bench.models.random_weights import CONFIGS, VOCAB_SIZE, random_model
from bench.models.tokenizer import tokenizer_model
from inference.folder import open_folder
from inference.model.cache import Chunk, RingCache
from inference.model.checkpoint.weights import load
from inference.model.config import ModelConfig

TINY = ModelConfig(32, 2, 8, 64, 4, 2, 1e-5, 600, sliding_window=7)


def test_every_shape_has_the_size_in_its_name() -> None:
    stated = {name: float(name[:-1]) * {"M": 1e6, "B": 1e9}[name[-1]] for name in CONFIGS}
    for name, config in CONFIGS.items():
        assert config.n_parameters == pytest.approx(stated[name], rel=0.05), name
        assert config.vocab_size == VOCAB_SIZE


def test_both_layouts_are_read_as_the_same_model(tmp_path: Path) -> None:
    files = make("tiny", TINY, tmp_path)
    ids = torch.arange(300, 320)[None]
    ours, theirs = (load(folder, dtype=torch.float32).forward_full(ids) for folder in (files.mistral, files.hf))
    torch.testing.assert_close(ours, theirs, rtol=0, atol=0)


def test_transformers_gives_the_same_logits(tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    files = make("tiny", TINY, tmp_path)
    ids = torch.arange(300, 320)[None]
    peer = AutoModelForCausalLM.from_pretrained(files.hf, dtype=torch.float32, attn_implementation="eager")
    with torch.inference_mode():
        theirs = peer(ids).logits
    torch.testing.assert_close(load(files.mistral, dtype=torch.float32).forward_full(ids), theirs, rtol=0, atol=1e-5)


def test_the_folder_can_be_served(tmp_path: Path) -> None:
    folder = open_folder(make("tiny", TINY, tmp_path).mistral)
    assert folder.template == "v3"
    assert folder.tokenizer.vocab_size == TINY.vocab_size
    assert folder.tokenizer.decode(folder.tokenizer.encode("Hello w7")) == "Hello w7"


def test_existing_files_are_kept(tmp_path: Path) -> None:
    files = make("tiny", TINY, tmp_path)
    paths = sorted(path for path in files.folder.rglob("*") if path.is_file())
    before = [(path, path.stat().st_mtime_ns) for path in paths]
    make("tiny", TINY, tmp_path)
    assert before == [(path, path.stat().st_mtime_ns) for path in paths]
    assert len(paths) == 5


def test_the_same_seed_draws_the_same_weights() -> None:
    first, again, other = (random_model(TINY, seed=seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["layers.0.attention.wq.weight"], other["layers.0.attention.wq.weight"])
    assert bool((first["norm.weight"] == 1).all())
    assert float(first["tok_embeddings.weight"].float().std()) == pytest.approx(0.02, rel=0.05)


def test_a_random_model_can_be_stepped_without_a_file() -> None:
    model = random_model(TINY, dtype=torch.float32).served()
    cache = RingCache(TINY, n_slots=1, max_len=20, dtype=torch.float32)
    assert model.step([Chunk(0, 0, [1, 2, 3])], cache).shape == (1, 600)


def test_rows_of_q_and_k_are_in_hugging_face_s_order(tmp_path: Path) -> None:
    """Component 2i of a head moves to i, component 2i + 1 to i + d/2."""
    files = make("tiny", TINY, tmp_path)
    ours = load_file(files.mistral / "consolidated.safetensors")
    theirs = hf_state(ours, TINY)
    wq, q_proj = ours["layers.0.attention.wq.weight"], theirs["model.layers.0.self_attn.q_proj.weight"]
    assert torch.equal(q_proj[8 + 3], wq[8 + 6])
    assert torch.equal(q_proj[8 + 4 + 3], wq[8 + 7])
    assert torch.equal(theirs["model.layers.1.self_attn.v_proj.weight"], ours["layers.1.attention.wv.weight"])
    assert json.loads((files.hf / "config.json").read_text())["sliding_window"] == 7


def test_a_tokenizer_has_the_requested_number_of_pieces() -> None:
    import sentencepiece

    processor = sentencepiece.SentencePieceProcessor()
    processor.load_from_serialized_proto(tokenizer_model(600))
    assert processor.vocab_size() == 600
    assert processor.id_to_piece(3) == "[INST]"


def test_the_command_names_the_folders_it_wrote(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CONFIGS, "15M", replace(TINY, n_layers=1))
    assert main(["15M", "--data", str(tmp_path)]) == 0
    assert f"15M: {tmp_path / '15M'}" in capsys.readouterr().out


def test_the_gguf_file_contains_the_same_tensors(tmp_path: Path) -> None:
    gguf = pytest.importorskip("gguf", reason="only make bench installs gguf")
    from bench.models.layouts import make_gguf

    files = make("tiny", TINY, tmp_path)
    ours = load_file(files.mistral / "consolidated.safetensors")
    wide = {tensor.name: tensor for tensor in gguf.GGUFReader(make_gguf(files, TINY, "float32")).tensors}
    assert len(wide) == len(ours)
    head = torch.tensor(wide["blk.1.attn_k.weight"].data.reshape(16, 32))
    assert torch.equal(head, ours["layers.1.attention.wk.weight"].float())
    half = {tensor.name: tensor for tensor in gguf.GGUFReader(make_gguf(files, TINY, "bfloat16")).tensors}
    data = torch.tensor(half["blk.1.attn_k.weight"].data.reshape(16, 64)).view(torch.bfloat16)
    assert torch.equal(data, ours["layers.1.attention.wk.weight"])
    blocks = {tensor.name: tensor for tensor in gguf.GGUFReader(make_gguf(files, TINY, "int8")).tensors}
    key = blocks["blk.1.attn_k.weight"]
    assert key.tensor_type == gguf.GGMLQuantizationType.Q8_0
    rounded = torch.tensor(gguf.quants.dequantize(key.data, key.tensor_type)).reshape(16, 32)
    torch.testing.assert_close(rounded, ours["layers.1.attention.wk.weight"].float(), rtol=0, atol=0.001)
