"""One loaded model under several names.

Two names that mean the same weights, with the same dtype, the same longest conversation and the same ends of answers,
share one engine: one set of weights, one cache, one queue. Their chat layouts may differ, since only the text around a
prompt depends on it. `shared_names` finds such names before anything is loaded, `under_all_names` adds them to the
loaded models, and `first_names` finds them again among these.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace

from inference.engine.loading import Loaded, LoadedModel
from inference.folder import ModelFolder

logger = logging.getLogger(__name__)


def shared_names(
    folders: Mapping[str, ModelFolder], *, dtypes: Mapping[str, object], max_len: Mapping[str, int]
) -> dict[str, str]:
    """Return for each name the first name that needs the same engine; for that first name, itself."""
    firsts: dict[object, str] = {}
    return {
        name: firsts.setdefault(
            (folder.path.resolve(), folder.tokenizer.eos_ids, dtypes.get(name), max_len.get(name)), name
        )
        for name, folder in folders.items()
    }


def under_all_names(loaded: Loaded, first: Mapping[str, str], folders: Mapping[str, ModelFolder]) -> Loaded:
    """Return the models, and the failures, under all names of `first`, each with the chat layout of its own folder."""
    models = {
        name: replace(loaded.models[one], folder=folders[name]) for name, one in first.items() if one in loaded.models
    }
    for name in models:
        if name != first[name]:
            logger.info("%s shares the weights and the engine of %s", name, first[name])
    failures = {name: loaded.failures[one] for name, one in first.items() if one in loaded.failures}
    return Loaded(models, {**loaded.failures, **failures})


def first_names(models: Mapping[str, LoadedModel]) -> dict[str, str]:
    """Return for each loaded model the first name that has its engine."""
    firsts: dict[int, str] = {}
    return {name: firsts.setdefault(id(model.engine), name) for name, model in models.items()}
