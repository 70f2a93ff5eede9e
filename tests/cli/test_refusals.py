"""What the command says of arguments, files and ports that it can't use."""

import socket

import pytest

from tests.cli.conftest import Mastery


@pytest.mark.parametrize(
    "arguments",
    [
        ("explain", "ada", "no id"),
        ("learner", "show", ""),
        ("audit", "search", "--actor", "a/b"),
        ("token", "teacher", "t mora"),
        ("token", "guardian", "g1", "--learner", "a,b"),
    ],
)
def test_what_is_no_id_is_a_fault_of_usage(mastery: Mastery, arguments: tuple[str, ...]) -> None:
    refused = mastery(*arguments)
    assert (refused.code, refused.out) == (2, "")
    assert "is not an id" in refused.err


@pytest.mark.parametrize("command", ["check-vectors", "evaluate", "publish"])
@pytest.mark.parametrize("content", [b"", b"\xa3\x00", b"words", b"[" * 100_000])
def test_a_file_that_is_not_json_is_refused(mastery: Mastery, command: str, content: bytes) -> None:
    path = mastery.folder / "wrong.json"
    path.write_bytes(content)
    refused = mastery("policy", command, path)
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.startswith("refused file is not JSON")


def test_an_unknown_learner_is_refused_and_not_explained(mastery: Mastery) -> None:
    refused = mastery("explain", "nobody", "c1")
    assert (refused.code, refused.err.strip()) == (1, "refused no event is about learner nobody [learner-unknown]")


def test_serve_does_not_start_beside_another_program(mastery: Mastery) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        refused = mastery("serve", MASTERY_QUERY_API_PORT="0", MASTERY_COMMAND_API_PORT=port)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith("refused commands can't listen: Address already in use")
    assert port in refused.err
