"""Download models of the Hugging Face hub: `hf:ORG/NAME` -> a local folder.

`huggingface_hub` downloads and keeps the files (in HF_HOME): a model is downloaded once, and an interrupted download
resumes. Its environment variables work here too: HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE. Where the hub cannot be
reached, a model that was downloaded before is used as it is.
"""

import logging
import re
import sys
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from inference.model.checkpoint.files import (
    ADAPTER_FILE,
    HF_FILES,
    HF_WEIGHTS_FILE,
    WEIGHTS_FILE,
    read_checkpoint,
    weight_files,
)
from inference.model.checkpoint.shape.config_json import CONFIG_FILE
from inference.model.checkpoint.shape.params_json import PARAMS_FILE
from inference.model.config import CheckpointError
from inference.progress import ProgressBar
from inference.text.tokenizer import TOKENIZER_FILES

logger = logging.getLogger(__name__)

PREFIX = "hf:"
_NAME = re.compile(r"\w[\w.-]*/\w[\w.-]*", re.ASCII)
TEXT_FILES = (  # of tokenizer and chat layout
    *TOKENIZER_FILES,
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template.jinja",
    "chat_template.json",
    "generation_config.json",
)
_WATCH_EVERY_S = 1.0


def fetch(name: str) -> Path:
    """Return the folder of the hub's model ORG/NAME, and download it first if needed.

    Raises CheckpointError where the model does not exist, its licence was not accepted, the hub cannot be reached, or
    its weights are in no known format.
    """
    if not _NAME.fullmatch(name):
        raise CheckpointError(f"{PREFIX}{name} is not a name of the hub; {PREFIX}ORG/NAME was expected")
    try:
        import httpx2
        from huggingface_hub import HfApi, constants, errors, snapshot_download
    except ImportError as error:
        raise CheckpointError(f"{PREFIX}{name} needs huggingface_hub; pip install huggingface_hub") from error
    where = f"{constants.ENDPOINT}/{name}"
    try:
        info = HfApi().model_info(name, files_metadata=True)
        sizes = {file.rfilename: file.size or 0 for file in info.siblings or ()}
        files = choose_files(sizes, where)
        logger.info("%s%s: %d files, %.2f GB", PREFIX, name, len(files), sum(sizes[file] for file in files) / 1e9)
        with _watched(_blobs(name), sum(sizes[file] for file in files), ProgressBar(f"{PREFIX}{name}")):
            return Path(snapshot_download(name, allow_patterns=files))
    except errors.GatedRepoError as error:
        raise CheckpointError(
            f"{PREFIX}{name} requires that you accept its licence; do so at {where} and set HF_TOKEN"
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise CheckpointError(
            f"{where} does not exist; the hub's spelling of ORG/NAME was expected (a private model needs HF_TOKEN)"
        ) from error
    except CheckpointError:
        raise
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ImportError, ValueError) as error:  # ValueError: a bad proxy
        reason = str(error).partition("\n")[0]
        if (folder := _kept(name)) is not None:
            logger.warning("%s cannot be reached (%s); using the earlier download in %s", where, reason, folder)
            return folder
        raise CheckpointError(
            f"{where} cannot be downloaded ({reason}); check the network and the proxy variables (ALL_PROXY, "
            "HTTPS_PROXY, NO_PROXY), or put the files into a folder and name that. The next try resumes the download"
        ) from error


def choose_files(names: Collection[str], where: str) -> list[str]:
    """Return the needed files of a model: its weights in one layout, Mistral's where there is one, and the text files.

    Raises CheckpointError for a model whose weights are in no known format.
    """
    if PARAMS_FILE in names and WEIGHTS_FILE in names:
        weights = [PARAMS_FILE, WEIGHTS_FILE, *(name for name in (CONFIG_FILE,) if name in names)]
    elif CONFIG_FILE in names and (files := _hugging_face_files(names)):
        weights = [CONFIG_FILE, *files]
    elif ADAPTER_FILE in names:
        raise CheckpointError(
            f"{where} is a LoRA adapter; download it and its base, and merge them: python -m inference convert BASE "
            "NEW_FOLDER --adapter FOLDER"
        )
    else:
        others = sorted(name for name in names if name.endswith((".bin", ".pth", ".gguf", ".safetensors")))
        raise CheckpointError(
            f"{where} has no weights in a known format ({', '.join(others[:4]) or 'none at all'}); {PARAMS_FILE} with "
            f"{WEIGHTS_FILE}, or {CONFIG_FILE} with {HF_WEIGHTS_FILE} or its index, was expected"
        )
    return [*weights, *(name for name in TEXT_FILES if name in names)]


def _hugging_face_files(names: Collection[str]) -> list[str]:
    """Return the files of the weights in Hugging Face's layout: one, or an index with its shards; [] without any."""
    for whole, index in HF_FILES.items():
        if whole in names:
            return [whole]
        if index in names:
            stem, ending = whole.split(".")
            return [index, *sorted(name for name in names if re.fullmatch(rf"{stem}-\d+-of-\d+\.{ending}", name))]
    return []


def _kept(name: str) -> Path | None:
    """Return the folder of a model that was downloaded completely before."""
    from huggingface_hub import try_to_load_from_cache

    for shape_file in (PARAMS_FILE, CONFIG_FILE):
        path = try_to_load_from_cache(name, shape_file)
        if isinstance(path, str):
            folder = Path(path).parent
            try:
                weight_files(read_checkpoint(folder))
            except CheckpointError:
                continue
            if any((folder / file).is_file() for file in TOKENIZER_FILES):
                return folder
    return None


def _blobs(name: str) -> Path:
    """Return the folder in which the library puts a model's files during a download."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE) / f"models--{name.replace('/', '--')}" / "blobs"


@contextmanager
def _watched(blobs: Path, n_bytes: int, progress: Callable[[int, int], None]) -> Iterator[None]:
    """Show the progress of a download: by the library's own bars on a terminal, elsewhere by calls of `progress`."""
    from huggingface_hub.utils.tqdm import disable_progress_bars

    if sys.stderr is not None and sys.stderr.isatty():
        yield
        return
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(_WATCH_EVERY_S):
            try:
                progress(sum(path.stat().st_size for path in blobs.iterdir()), n_bytes)
            except OSError:  # no file yet, or one has just been renamed
                continue

    thread = threading.Thread(target=watch, name="download", daemon=True)
    thread.start()
    try:
        with disable_progress_bars():
            yield
    finally:
        is_over.set()
        thread.join()
