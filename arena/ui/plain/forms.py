"""Read the forms that pages send. The gate and `web.admin` limit their length."""

from collections.abc import Mapping
from urllib.parse import parse_qs

from starlette.requests import Request


async def fields(request: Request, *, most: int = 10) -> Mapping[str, list[str]]:
    """Return the values of each field; none if the body is not a form, or has more than `most` values."""
    try:
        return parse_qs((await request.body()).decode(), keep_blank_values=True, max_num_fields=most)
    except ValueError:
        return {}


async def field(request: Request, name: str) -> str:
    """Return the first value of a field, empty if there is none."""
    return (await fields(request)).get(name, [""])[0]


def wants_json(request: Request) -> bool:
    """Whether a script sent the form and changes the page itself, so that it needs no redirect."""
    return "application/json" in request.headers.get("accept", "")
