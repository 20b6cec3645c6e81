"""Tied heads that the files repeat, and pickled files, against the same model in safetensors."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from inference.model.checkpoint.weights import load, load_served, save
from inference.model.config import CheckpointError
from tests.inference.model.builders import (
    hugging_face_logits,
    hugging_face_model,
    random_ids,
    random_model,
    tiny_config,
)


def tie(folder: Path) -> None:
    for name, key in (("params.json", "tied_embeddings"), ("config.json", "tie_word_embeddings")):
        if (folder / name).is_file():
            (folder / name).write_text(json.dumps({**json.loads((folder / name).read_text()), key: True}))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
def test_a_tied_head_may_be_repeated_in_mistrals_layout(tmp_path: Path, dtype: torch.dtype) -> None:
    save(random_model(tiny_config()), tmp_path)
    tie(tmp_path)
    path = tmp_path / "consolidated.safetensors"
    expected = r"output.weight in .* is not tok_embeddings.weight, and params.json .*; set tied_embeddings to false"
    with pytest.raises(CheckpointError, match=expected):
        load(tmp_path)
    state = load_file(path)
    table = state["tok_embeddings.weight"].bfloat16()
    save_file({**state, "tok_embeddings.weight": table, "output.weight": table.clone().to(dtype)}, path)
    model = load(tmp_path)
    assert model.config.tied_embeddings
    assert "output.weight" not in model.state_dict()
    save_file({**state, "output.weight": torch.cat([table, table[:1]])}, path)
    with pytest.raises(CheckpointError, match="is not tok_embeddings"):
        load(tmp_path)


@pytest.mark.parametrize("is_pickled", [False, True])
def test_a_tied_head_may_be_repeated_in_hugging_faces_layout(tmp_path: Path, is_pickled: bool) -> None:
    theirs, ids = hugging_face_model(tiny_config(tied_embeddings=True)), random_ids(20)
    theirs.save_pretrained(tmp_path)
    path = tmp_path / "model.safetensors"
    state = load_file(path)
    assert "lm_head.weight" not in state
    for change in (0.0, 0.001):
        head = state["model.embed_tokens.weight"].clone()
        head[40, 3] += change
        if is_pickled:
            path.unlink(missing_ok=True)
            torch.save({**state, "lm_head.weight": head}, tmp_path / "pytorch_model.bin")
        else:
            save_file({**state, "lm_head.weight": head}, path)
        if change:
            with pytest.raises(
                CheckpointError, match=r"lm_head.weight in .* is not model.embed_tokens.weight, and conf"
            ):
                load(tmp_path)
        else:
            logits = load(tmp_path).forward_full(torch.tensor([ids]))[0]
            torch.testing.assert_close(logits, hugging_face_logits(theirs, ids), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("n_files", [1, 3])
def test_pickles_of_older_fine_tunes_are_the_same_model(tmp_path: Path, n_files: int) -> None:
    theirs = hugging_face_model(tiny_config())
    for name in ("new", "old"):
        theirs.save_pretrained(tmp_path / name)
    (tmp_path / "old" / "model.safetensors").unlink()
    state = {**theirs.state_dict(), "model.layers.0.self_attn.rotary_emb.inv_freq": torch.zeros(4)}
    wq = "model.layers.1.self_attn.q_proj.weight"
    state[wq] = state[wq].T.contiguous().T  # a pickle keeps strides
    names = [f"pytorch_model-{n:05}-of-{n_files:05}.bin" for n in range(1, n_files + 1)]
    places = {name: names[number % n_files] for number, name in enumerate(state)}
    if n_files == 1:
        torch.save(state, tmp_path / "old" / "pytorch_model.bin")
    else:
        for file in names:
            torch.save({name: x for name, x in state.items() if places[name] == file}, tmp_path / "old" / file)
        index = {"metadata": {}, "weight_map": places}
        (tmp_path / "old" / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    torch.save(torch.ones(3), tmp_path / "old" / "training_args.bin")
    old, new = load(tmp_path / "old"), load(tmp_path / "new")
    assert all(torch.equal(weight, new.state_dict()[name]) for name, weight in old.state_dict().items())
    load_served(tmp_path / "old")
    changed = tmp_path / "old" / ("pytorch_model.bin" if n_files == 1 else places["model.norm.weight"])
    torch.save({**torch.load(changed), "model.norm.weight": torch.ones(48).to(torch.int8)}, changed)
    with pytest.raises(CheckpointError, match=r"quantized, .*: model.norm.weight is torch.int8, expected one of BF16"):
        load(tmp_path / "old")
    changed.write_bytes(changed.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match=rf"{changed.name} cannot be read as tensors \(.* bytes: "):
        load(tmp_path / "old")
