import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub.constants
import pytest

from inference import hub
from inference.folder import locate, open_folder, open_folders
from inference.model.checkpoint.files import read_checkpoint
from inference.model.config import CheckpointError
from tests.fakes import write_model_folder, write_tokenizer
from tests.inference.fake_hub import FakeHub
from tests.inference.model.builders import hugging_face_model, tiny_config


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("repository")
    write_model_folder(path)
    (path / "README.md").write_text("not needed")
    (path / "pytorch_model.bin").write_bytes(b"not needed")
    return path


@pytest.fixture
def fake(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with FakeHub({"org/tiny": repository}) as fake:
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", fake.url)
        template = fake.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield fake


def test_a_model_is_downloaded_with_the_needed_files_and_only_once(fake: FakeHub, repository: Path) -> None:
    for _ in range(2):
        folder = locate("hf:org/tiny")
        assert open_folder(folder).config == open_folder(repository).config
    assert sorted(fake.requests) == ["consolidated.safetensors", "params.json", "tokenizer.model"]


def test_shards_and_text_files_are_downloaded_too(fake: FakeHub, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    hugging_face_model(tiny_config()).save_pretrained(theirs, max_shard_size="60KB")
    write_tokenizer(theirs)
    (theirs / "tokenizer_config.json").write_text("{}")
    fake.repositories["org/shards"] = theirs
    folder = hub.fetch("org/shards")
    assert read_checkpoint(folder).layout == "hugging_face"
    assert {path.name for path in folder.iterdir()} == {path.name for path in theirs.iterdir()}


def test_the_endpoint_of_the_environment_is_used(repository: Path, tmp_path: Path) -> None:
    with FakeHub({"org/tiny": repository}) as fake:
        environment = os.environ | {"HF_ENDPOINT": fake.url, "HF_HOME": str(tmp_path), "NO_PROXY": "127.0.0.1"}
        code = "from inference import hub; print(hub.fetch('org/tiny'))"
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, timeout=60
        )
    assert Path(done.stdout.strip()).is_relative_to(tmp_path)
    assert done.stderr == "", "no bars where there is no terminal"


def test_without_the_hub_an_earlier_download_is_used(
    fake: FakeHub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder = hub.fetch("org/tiny")
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:1")
    assert hub.fetch("org/tiny") == folder
    assert "http://127.0.0.1:1/org/tiny cannot be reached" in caplog.text
    with pytest.raises(CheckpointError, match=r"127.0.0.1:1/org/other cannot be downloaded .*; check the network"):
        hub.fetch("org/other")


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("ALL_PROXY", "socks4://127.0.0.1:9", "Unknown scheme for proxy URL"),
        ("ALL_PROXY", "socks5://127.0.0.1:1", "Connection refused"),
        ("SSL_CERT_FILE", "/nowhere", "No such file"),
    ],
)
def test_an_unusable_proxy_or_certificate_is_one_line(name: str, value: str, reason: str, tmp_path: Path) -> None:
    environment = os.environ | {
        "HF_ENDPOINT": "http://hub.example",
        "HF_HOME": str(tmp_path),
        "NO_PROXY": "",
        name: value,
    }
    command = [sys.executable, "-m", "inference", "complete", "--model", "hf:org/tiny", "Hi"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode != 0
    assert done.stderr.count("\n") == 1
    assert reason in done.stderr
    assert "the proxy variables (ALL_PROXY, HTTPS_PROXY, NO_PROXY)" in done.stderr


def test_an_interrupted_download_is_not_a_model_until_it_is_complete(fake: FakeHub) -> None:
    fake.failing.add("consolidated.safetensors")
    with pytest.raises(CheckpointError, match=r"org/tiny cannot be downloaded .*500.* The next try resumes"):
        hub.fetch("org/tiny")
    fake.failing.clear()
    open_folder(hub.fetch("org/tiny"))
    assert sorted(set(fake.requests)) == ["consolidated.safetensors", "params.json", "tokenizer.model"]


def test_a_missing_model_and_one_behind_a_licence_have_different_errors(fake: FakeHub) -> None:
    with pytest.raises(CheckpointError, match=rf"{fake.url}/org/none does not exist; .* needs HF_TOKEN"):
        hub.fetch("org/none")
    fake.gated.add("org/tiny")
    with pytest.raises(CheckpointError, match=rf"accept its licence; do so at {fake.url}/org/tiny and set HF_TOKEN"):
        hub.fetch("org/tiny")


@pytest.mark.parametrize("name", ["mistral", "a/b/c", "", "org/", "../up", "org/na me"])
def test_an_impossible_name_is_refused_without_a_request(name: str) -> None:
    with pytest.raises(CheckpointError, match=r"is not a name of the hub; hf:ORG/NAME was expected"):
        locate(f"hf:{name}")


MISTRAL = ["params.json", "consolidated.safetensors"]
SHARDS = ["model.safetensors.index.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
OLD_SHARDS = ["pytorch_model.bin.index.json", *(f"pytorch_model-0000{n}-of-00002.bin" for n in (1, 2))]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([*MISTRAL, "config.json", *SHARDS, "tekken.json"], [*MISTRAL, "config.json", "tekken.json"]),
        (
            ["config.json", "model.safetensors", "tokenizer.json"],
            ["config.json", "model.safetensors", "tokenizer.json"],
        ),
        (["params.json", "config.json", *SHARDS, "model.fp16-00001.safetensors"], ["config.json", *SHARDS]),
        (["config.json", *SHARDS, *OLD_SHARDS, "training_args.bin"], ["config.json", *SHARDS]),
        (["config.json", *OLD_SHARDS, "training_args.bin"], ["config.json", *OLD_SHARDS]),
        (["config.json", "pytorch_model.bin", "optimizer.bin"], ["config.json", "pytorch_model.bin"]),
    ],
)
def test_weights_are_taken_in_one_layout(names: list[str], expected: list[str]) -> None:
    assert hub.choose_files(names, "hub/model") == expected


@pytest.mark.parametrize(
    ("names", "match"),
    [
        (["config.json", "model.gguf"], r"hub/model has no weights in a known format \(model.gguf\)"),
        (["adapter_config.json", "adapter_model.safetensors"], "hub/model is a LoRA adapter; download it and its base"),
        (["params.json", "consolidated.00.pth"], r"\(consolidated.00.pth\)"),
        (["readme.md"], r"\(none at all\); params.json with consolidated.safetensors, or config.json with"),
    ],
)
def test_a_model_without_readable_weights_is_refused(names: list[str], match: str) -> None:
    with pytest.raises(CheckpointError, match=match):
        hub.choose_files(names, "hub/model")


def test_a_folder_that_cannot_be_used_does_not_stop_the_others(
    repository: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    opened = open_folders({"bad": str(tmp_path), "good": str(repository), "worse": "hf:x"})
    assert (list(opened.folders), list(opened.failures)) == (["good"], ["bad", "worse"])
    assert opened.failures["worse"].startswith("hf:x is not a name of the hub")
    assert "bad: left out: no params.json and no config.json" in caplog.text
    with pytest.raises(CheckpointError, match=r"no params\.json"):
        open_folders({"bad": str(tmp_path), "worse": "hf:x"})
