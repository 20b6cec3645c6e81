"""Threads in which the database is asked.

The event loop's own few threads (6 on two cores) also look up the names of endpoints, and a resolver that hangs can
occupy them all. So the database has its own, and no visitor's vote waits for the address of another visitor's model.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

T = TypeVar("T")

N_THREADS = 8
"""Fewer than the connections that a database keeps (15), so that no thread waits for one."""


async def in_thread(work: Callable[[], T]) -> T:
    """Run work in one of the database's threads. Its exceptions pass."""
    return await asyncio.get_running_loop().run_in_executor(_threads(), work)


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(N_THREADS, thread_name_prefix="database")
