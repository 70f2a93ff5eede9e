"""Requests to addresses that others named: to public addresses only, and no answer leads elsewhere.

The address that a name stands for is checked when the connection is made to that very address, so a name that
changes its meaning meanwhile leads nowhere else; redirects are answers like any other.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Final

import httpcore

TIMEOUT_S: Final = 15
"""For the whole of a request."""
ANSWER_BYTES_MAX: Final = 64 * 1024
"""Read of an answer, so that its connection can be used again; of a longer one the connection is closed."""
CONNECTIONS_MAX: Final = 100
NAT64: Final = IPv6Network("64:ff9b::/96")
FAULTS: Final = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.TimeoutException,
    httpcore.UnsupportedProtocol,
    OSError,
    ValueError,
)
"""What a request that gets no answer ends in; OSError holds TimeoutError and unknown names."""


def is_public(address: str) -> bool:
    """Say whether an address is one of the public internet: not of a private network, this machine or a group."""
    ip = ip_address(address)
    if isinstance(ip, IPv6Address) and (ip.ipv4_mapped or ip.sixtofour or ip in NAT64):
        return False
    return ip.is_global and not ip.is_multicast


class _Guarded(httpcore.AsyncNetworkBackend):
    """Connects to public addresses only."""

    def __init__(self) -> None:
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own name
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Look the host up, and connect to the first of its addresses that lets us, all of which must be public."""
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(place[0]) for *_, place in found))
        if not all(map(is_public, addresses)):
            raise httpcore.ConnectError("address is not a public one")
        for address in addresses[:-1]:
            try:
                return await self._backend.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._backend.connect_tcp(addresses[-1], port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        """Wait between two attempts of the pool."""
        await self._backend.sleep(seconds)


class Outbound:
    """Sends requests over connections that are kept."""

    def __init__(self, pool: httpcore.AsyncConnectionPool) -> None:
        self._pool = pool

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """Send a request and return the status of its answer.

        Raises:
            FAULTS: there is none within the time.
        """
        fields = [(name.encode(), value.encode()) for name, value in headers.items()]
        async with asyncio.timeout(TIMEOUT_S), self._pool.stream("POST", url, headers=fields, content=body) as answer:
            read = 0
            async for chunk in answer.aiter_stream():
                read += len(chunk)
                if read > ANSWER_BYTES_MAX:
                    break
            return int(answer.status)


@asynccontextmanager
async def open_outbound(*, private_targets: bool) -> AsyncIterator[Outbound]:
    """Open connections to public addresses; with `private_targets`, for development, to any."""
    backend = None if private_targets else _Guarded()
    async with httpcore.AsyncConnectionPool(
        max_connections=CONNECTIONS_MAX, keepalive_expiry=30, network_backend=backend
    ) as pool:
        yield Outbound(pool)
