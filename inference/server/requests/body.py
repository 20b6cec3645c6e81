"""The body of a request, up to a size; what is larger is refused before it fills the memory."""

from starlette.requests import ClientDisconnect, Request

from inference.server.responses.errors import ApiError

MAX_BODY_BYTES = 8 * 2**20  # 64 prompts of 32k tokens as text; to parse so many bytes takes a quarter of a second
_SWALLOWED = 8  # bodies up to so many times the size are read to their end, so that the client reads the refusal


async def read_body(request: Request) -> bytes:
    """All of it; ApiError 413 with both sizes where it is larger than MAX_BODY_BYTES."""
    kept: list[bytes] = []
    n_bytes = 0
    try:
        async for piece in request.stream():
            n_bytes += len(piece)
            if n_bytes <= MAX_BODY_BYTES:
                kept.append(piece)
            else:
                kept.clear()
            if n_bytes > _SWALLOWED * MAX_BODY_BYTES:
                break
    except ClientDisconnect as error:
        raise ApiError(400, "the client left before its body had come") from error
    if n_bytes > MAX_BODY_BYTES:
        raise ApiError(
            413,
            f"the body has {'more than ' if n_bytes > _SWALLOWED * MAX_BODY_BYTES else ''}{n_bytes:,} bytes; at most "
            f"{MAX_BODY_BYTES:,} are read",
            code="body_too_large",
        )
    return b"".join(kept)
