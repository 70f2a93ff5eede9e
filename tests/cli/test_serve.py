"""`mastery serve`, started, killed and started again."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx
import pytest

from tests.cli.conftest import EXECUTABLE, Mastery
from tests.waiting import until

READY_S = 60
PORTS = ("MASTERY_COMMAND_API_PORT", "MASTERY_QUERY_API_PORT")


def free_ports() -> dict[str, str]:
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in PORTS]
    ports = {name: str(one.getsockname()[1]) for name, one in zip(PORTS, taken, strict=True)}
    for one in taken:
        one.close()
    return ports


def answers(port: str) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=1).is_success
    except httpx.TransportError:
        return False


def wait_until_all(ports: Mapping[str, str], *, answer: bool) -> None:
    until(lambda: {answers(port) for port in ports.values()} == {answer}, f"answers of {ports}")


@contextmanager
def serving(mastery: Mastery, ports: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    environment = {**mastery.environment, **ports}
    process = subprocess.Popen([EXECUTABLE, "serve"], env=environment, stderr=subprocess.DEVNULL)
    try:
        wait_until_all(ports, answer=True)
        yield process
    finally:
        process.terminate()
        process.wait(READY_S)


@pytest.mark.slow
def test_the_parts_end_with_a_serve_that_is_killed_and_it_starts_again(mastery: Mastery) -> None:
    ports = free_ports()
    with serving(mastery, ports) as killed:
        os.kill(killed.pid, signal.SIGKILL)
        wait_until_all(ports, answer=False)
    with serving(mastery, ports) as interrupted:
        interrupted.send_signal(signal.SIGINT)
        assert interrupted.wait(READY_S) == 0
    wait_until_all(ports, answer=False)
