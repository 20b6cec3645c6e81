"""Models of the Hugging Face hub: `hf:ORG/NAME` -> a folder on this disk, with only the files that are needed.

`huggingface_hub` does the talking and keeps what it fetched (in HF_HOME): a model is downloaded once, and a download
that broke off goes on where it stopped. Its environment variables hold here too: HF_ENDPOINT, HF_TOKEN,
HF_HUB_OFFLINE. Without a way to the hub a model that is here already is used as it is.
"""

import logging
import re
import sys
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from inference.model.checkpoint.config_json import CONFIG_FILE
from inference.model.checkpoint.files import HF_INDEX_FILE, HF_WEIGHTS_FILE, WEIGHTS_FILE, read_checkpoint, weight_files
from inference.model.checkpoint.params_json import PARAMS_FILE
from inference.model.config import CheckpointError
from inference.progress import ProgressBar
from inference.text.tokenizer import TOKENIZER_FILES

logger = logging.getLogger(__name__)

PREFIX = "hf:"
_NAME = re.compile(r"\w[\w.-]*/\w[\w.-]*", re.ASCII)
_SHARD = re.compile(r"model-\d+-of-\d+\.safetensors")
TEXT_FILES = (  # what tokenizer and chat layout are read from
    *TOKENIZER_FILES,
    "tokenizer_config.json",
    "added_tokens.json",
    "chat_template.jinja",
    "generation_config.json",
)
_WATCH_EVERY_S = 1.0


def fetch(name: str) -> Path:
    """The folder of the hub's model ORG/NAME, downloaded where it is not here yet.

    Raises CheckpointError: no such model, one that asks for a licence to be accepted, no way to the hub, or a model
    without weights that can be read.
    """
    if not _NAME.fullmatch(name):
        raise CheckpointError(f"{PREFIX}{name} is no model of the hub; {PREFIX}ORG/NAME was expected")
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
            f"{PREFIX}{name} is open only to those who accepted its licence; do so at {where} and set HF_TOKEN"
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise CheckpointError(
            f"there is no model {where}; ORG/NAME as the hub writes it was expected (a private one needs HF_TOKEN)"
        ) from error
    except CheckpointError:
        raise
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ImportError, ValueError) as error:  # the latter: of a proxy
        reason = str(error).partition("\n")[0]
        if (folder := _kept(name)) is not None:
            logger.warning("%s cannot be reached (%s); %s is used as it was fetched before", where, reason, folder)
            return folder
        raise CheckpointError(
            f"{where} cannot be fetched ({reason}); check the network and what the environment says of proxies "
            "(ALL_PROXY, HTTPS_PROXY, NO_PROXY), or put the files into a folder and name that. What has come so far is "
            "kept"
        ) from error


def choose_files(names: Collection[str], where: str) -> list[str]:
    """The files of a model that are needed: its weights in one layout, Mistral's if it is there, and all for the text.

    Raises CheckpointError for a model without weights that can be read.
    """
    if PARAMS_FILE in names and WEIGHTS_FILE in names:
        weights = [PARAMS_FILE, WEIGHTS_FILE, *(name for name in (CONFIG_FILE,) if name in names)]
    elif CONFIG_FILE in names and HF_WEIGHTS_FILE in names:
        weights = [CONFIG_FILE, HF_WEIGHTS_FILE]
    elif CONFIG_FILE in names and HF_INDEX_FILE in names:
        weights = [CONFIG_FILE, HF_INDEX_FILE, *sorted(name for name in names if _SHARD.fullmatch(name))]
    else:
        others = sorted(name for name in names if name.endswith((".bin", ".pth", ".gguf", ".safetensors")))
        raise CheckpointError(
            f"{where} has no weights that can be read ({', '.join(others[:4]) or 'none at all'}); {PARAMS_FILE} with "
            f"{WEIGHTS_FILE}, or {CONFIG_FILE} with {HF_WEIGHTS_FILE} or its index, was expected"
        )
    return [*weights, *(name for name in TEXT_FILES if name in names)]


def _kept(name: str) -> Path | None:
    """The folder of a model that was fetched whole before."""
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
    """Where the library puts a model's files while they come."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE) / f"models--{name.replace('/', '--')}" / "blobs"


@contextmanager
def _watched(blobs: Path, n_bytes: int, progress: Callable[[int, int], None]) -> Iterator[None]:
    """Tell how far a download has come: on a terminal the library's own bars do, elsewhere `progress` is called."""
    from huggingface_hub.utils.tqdm import disable_progress_bars

    if sys.stderr is not None and sys.stderr.isatty():
        yield
        return
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(_WATCH_EVERY_S):
            try:
                progress(sum(path.stat().st_size for path in blobs.iterdir()), n_bytes)
            except OSError:  # nothing has come yet, or a file has just got its name
                continue

    thread = threading.Thread(target=watch, name="download", daemon=True)
    thread.start()
    try:
        with disable_progress_bars():
            yield
    finally:
        is_over.set()
        thread.join()
