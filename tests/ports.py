"""Ports of this machine for servers that a test starts."""

import os
import random
import socket
from contextlib import suppress

_FIRST, _N = 20_000, 12_000
"""Below 32,768: from there on Linux gives ports to outgoing connections and to servers that ask for any port."""
_chance = random.Random(os.urandom(8))


def free_port() -> int:
    """Return a port on which nothing listens. It stays free until the test's server takes it, seconds later."""
    while True:
        port = _chance.randrange(_FIRST, _FIRST + _N)
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
