"""Every error of the server in OpenAI's form.

The form is {"error": {"message", "type", "param", "code"}}.
"""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

_TYPES = {429: "rate_limit_error", 500: "server_error", 503: "server_error"}


class ApiError(Exception):
    """An error with its HTTP status. `param` names the wrong field; `code` is a fixed word for programs."""

    def __init__(self, status: int, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status, self.param, self.code = status, param, code

    def body(self) -> dict[str, object]:
        kind = _TYPES.get(self.status, "invalid_request_error")
        return {"error": {"message": str(self), "type": kind, "param": self.param, "code": self.code}}


async def answer_api_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ApiError)
    return JSONResponse(error.body(), status_code=error.status)


async def answer_http_exception(request: Request, error: Exception) -> JSONResponse:
    """Answer a request for an address or method that does not exist."""
    assert isinstance(error, HTTPException)
    message = f"{request.method} {request.url.path}: {error.detail}"
    return JSONResponse(ApiError(error.status_code, message).body(), error.status_code, error.headers)


async def answer_crash(_request: Request, _error: Exception) -> JSONResponse:
    """Answer a request that met a bug. The traceback is in the log."""
    return JSONResponse(ApiError(500, "internal server error; the traceback is in its log").body(), status_code=500)
