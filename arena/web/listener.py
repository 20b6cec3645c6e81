"""The sockets on which the arena listens, bound before anything starts."""

import errno
import socket

from arena.settings import SettingsError


def listen(host: str, port: int, *, host_key: str = "--host", port_key: str = "--port") -> socket.socket:
    """Return a bound socket. Raises `SettingsError`, which advises to change `host_key` or `port_key`."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise SettingsError(
            f"cannot listen on {host!r}: {error.strerror}; choose another address with {host_key}"
        ) from error
    except ValueError as error:  # a label of the name is empty, or has more than 63 characters
        raise SettingsError(
            f"cannot listen on {host!r}: {error}; expected a host name or an address, choose it with {host_key}"
        ) from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(1)  # now, so that a second arena on this port fails before it starts anything
    except OSError as error:
        listener.close()
        advice = {
            errno.EADDRNOTAVAIL: f"choose an address of this machine with {host_key}",
            errno.EACCES: f"choose a port from 1024 on with {port_key}",
        }.get(error.errno or 0, f"stop the program that uses it, or choose another port with {port_key}")
        raise SettingsError(f"cannot listen on {host} port {port}: {error.strerror}; {advice}") from error
    return listener
