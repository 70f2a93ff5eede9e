"""Requests to addresses that others named."""

import asyncio

import httpcore
import pytest

from infra.http.outbound import is_public, open_outbound


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.1",
            "224.0.0.1",
        ),
        *("::1", "fe80::1", "fd00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1", "::"),
    ],
)
def test_an_address_of_this_machine_or_a_private_network_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "2130706433", "0x7f.1"])
def test_a_name_for_this_machine_is_not_connected_to_however_it_is_written(host: str) -> None:
    async def post() -> None:
        async with open_outbound(private_targets=False) as outbound:
            await outbound.post(f"http://{host}:1/", {}, b"")

    with pytest.raises((httpcore.ConnectError, OSError), match=r"not a public one|Name or service|Temporary failure"):
        asyncio.run(post())
