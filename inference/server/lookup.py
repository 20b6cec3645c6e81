"""Find the model that a request asks for.

It is the one in the address (/models/NAME/...), else in the body, else the only one.
"""

from inference.engine.loading import LoadedModel
from inference.engine.worker import NotReadyError, Worker
from inference.server.openapi import Described
from inference.server.responses.errors import ApiError
from inference.server.responses.schemas import ModelCapabilities, ModelCard, ModelStatus


def check_ready(worker: Worker) -> None:
    """Raise ApiError 503 while the models load, and after the worker has closed."""
    try:
        worker.check_ready()
    except NotReadyError as error:
        raise ApiError(503, f"{error}; GET /health returns 200 when it is ready", code=worker.state) from error


def find_model(worker: Worker, in_address: str | None, in_body: str | None) -> str:
    """Return the name of a loaded model. The name in the address takes precedence over the one in the body.

    Raises ApiError 404 for a name that is not served, 400 for a missing one, and 503 for a model that failed to load.
    """
    check_ready(worker)
    name = in_address if in_address is not None else in_body
    names = [*worker.models, *worker.failures]
    if name is None:
        if len(names) != 1:
            raise ApiError(
                400,
                f"model is missing; name one of {', '.join(names)} in the body, or use the address /models/NAME/...",
                param="model",
                code="missing_field",
            )
        name = names[0]
    if name in worker.failures:
        reason = worker.failures[name]
        raise ApiError(503, f"model {name} could not be loaded: {reason}", param="model", code="model_failed")
    if name not in worker.models:
        known = ", ".join(names)
        raise ApiError(404, f"no model is named {name!r}; known are {known}", param="model", code="model_not_found")
    return name


def card(name: str, model: LoadedModel) -> ModelCard:
    """Return a model as /v1/models lists it. `type`, `capabilities` and the context are for Mistral's clients."""
    return ModelCard(
        id=name,
        object="model",
        created=0,
        owned_by="local",
        type="base",
        capabilities=ModelCapabilities(
            completion_chat=has_chat(model),
            completion_fim=False,
            function_calling=False,
            fine_tuning=False,
            vision=False,
        ),
        max_context_length=model.engine.max_len,
    )


def has_chat(model: LoadedModel) -> bool:
    """Whether a model has a chat layout."""
    return model.folder.template != "none"


def described(worker: Worker) -> Described:
    """Return the models that are ready as the OpenAPI page describes them."""
    models = worker.models
    return Described(
        tuple(models),
        tuple(name for name, model in models.items() if has_chat(model)),
        min((model.folder.tokenizer.vocab_size for model in models.values()), default=1),
    )


def status(model: LoadedModel) -> ModelStatus:
    """Return a model as /health lists it."""
    return ModelStatus(
        parameters=model.n_parameters,
        fingerprint=model.fingerprint,
        max_len=model.engine.max_len,
        dtype=model.dtype,
        decode_backend=model.engine.backend,
    )
