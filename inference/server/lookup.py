"""Which model a request asks: the one in its address (/models/NAME/...), else that in its body, else the only one."""

from inference.engine.loading import LoadedModel
from inference.engine.worker import Worker
from inference.server.responses.errors import ApiError
from inference.server.responses.schemas import ModelCard, ModelStatus


def check_ready(worker: Worker) -> None:
    """ApiError 503 while the models are loaded, and once the worker has closed."""
    if worker.state != "ready":
        raise ApiError(503, f"the server is {worker.state}; GET /health tells when it is ready", code=worker.state)


def choose(worker: Worker, in_address: str | None, in_body: str | None) -> str:
    """The name of a model that can answer. The address decides; a client that must put a name into its body may put
    any. ApiError 404 for a name that is not served, 503 for a model that could not be loaded.
    """
    check_ready(worker)
    name = in_address if in_address is not None else in_body
    names = [*worker.models, *worker.failures]
    if name is None:
        if len(names) != 1:
            raise ApiError(
                400,
                f"model is missing; there are {', '.join(names)} (in the body, or as the address /models/NAME/...)",
                param="model",
                code="missing_field",
            )
        name = names[0]
    if name in worker.failures:
        reason = worker.failures[name]
        raise ApiError(503, f"model {name} could not be loaded: {reason}", param="model", code="model_failed")
    if name not in worker.models:
        known = ", ".join(names)
        raise ApiError(404, f"no model {name!r} here; there are {known}", param="model", code="model_not_found")
    return name


def card(name: str) -> ModelCard:
    """A model for /v1/models."""
    return ModelCard(id=name, object="model", created=0, owned_by="local")


def status(model: LoadedModel) -> ModelStatus:
    """A model for /health."""
    return ModelStatus(
        parameters=model.n_parameters,
        fingerprint=model.fingerprint,
        max_len=model.engine.max_len,
        dtype=model.dtype,
        decode_backend=model.engine.backend,
    )
