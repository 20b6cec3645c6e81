"""Run the steps of the database in worker threads, and refuse the request if the database fails."""

import logging
from collections.abc import Callable
from typing import TypeVar

from arena.service.refusal import Refusal
from arena.threads import in_thread
from db.errors import StorageFailed

logger = logging.getLogger(__name__)

T = TypeVar("T")


async def in_database(work: Callable[[], T]) -> T:
    """Run a step in a worker thread.

    Raises:
        Refusal: `not_stored` (the database failed; the log has the traceback). Other exceptions of `work` pass.
    """
    try:
        return await in_thread(work)
    except StorageFailed as error:
        logger.exception("the database failed")
        raise Refusal("not_stored") from error
