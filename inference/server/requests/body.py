"""The body of a request, up to a size limit. A larger one is refused before it fills the memory."""

from starlette.requests import ClientDisconnect, Request

from inference.server.responses.errors import ApiError

MAX_BODY_BYTES = 8 * 2**20  # 64 prompts of 32k tokens as text, which take a quarter of a second to parse
_SWALLOWED = 8  # a body of up to this many times the limit is read to its end, so that its client reads the error


async def read_body(request: Request) -> bytes:
    """Read a body. Raises ApiError 413, with both sizes, where it is larger than MAX_BODY_BYTES."""
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
        raise ApiError(400, "the client disconnected before it sent the whole body") from error
    if n_bytes > MAX_BODY_BYTES:
        raise ApiError(
            413,
            f"the body has {'more than ' if n_bytes > _SWALLOWED * MAX_BODY_BYTES else ''}{n_bytes:,} bytes; at most "
            f"{MAX_BODY_BYTES:,} were expected",
            code="body_too_large",
        )
    return b"".join(kept)
