"""Who is let in, and what the pages about the API load."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey
from pydantic import ValidationError

from domain.kernel.errors import Misconfigured, Unauthenticated
from infra.http.auth import Authenticator, authenticator, load_keys, mint_token
from infra.settings import TokenSettings
from tests.command_api.door import Door
from tests.sample import LEARNER, TEACHER

pytestmark = pytest.mark.anyio
CLAIMS = {"iss": "mastery-ledger", "aud": "mastery-ledger", "sub": "t-1", "role": "teacher"}


def claims(**words: Any) -> dict[str, Any]:
    told = CLAIMS | {"exp": int(time.time()) + 60} | words
    return {name: value for name, value in told.items() if value is not None}


@pytest.mark.parametrize("header", [None, "", "Basic dDox", "Bearer", "Bearer x.y.z"])
async def test_no_token_no_answer(door: Door, header: str | None) -> None:
    answer = await door.client.post(
        "/v1/evidence", json={}, headers={} if header is None else {"Authorization": header}
    )
    assert (answer.status_code, answer.json()["code"]) == (401, "not-authenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "words",
    [
        {"exp": 1_000_000_000},
        {"exp": None},
        {"iss": "somebody"},
        {"aud": "something"},
        {"aud": None},
        {"role": "emperor"},
        {"role": None},
        {"sub": "not an id"},
        {"nbf": 32_503_680_000},
        {"learners": ["not an id"]},
    ],
)
def test_a_token_that_is_not_ours_or_not_now_is_refused(tmp_path: Path, words: dict[str, Any]) -> None:
    settings = TokenSettings()
    keys = load_keys(settings, tmp_path)
    check = authenticator(settings, keys)
    assert check(f"Bearer {jwt.encode({'alg': 'HS256'}, claims(), keys.key)}").actor == TEACHER
    with pytest.raises(Unauthenticated):
        check(f"Bearer {jwt.encode({'alg': 'HS256'}, claims(**words), keys.key)}")


def test_a_token_ends_even_if_it_is_remembered(tmp_path: Path) -> None:
    settings = TokenSettings()
    keys = load_keys(settings, tmp_path)
    check = authenticator(settings, keys)
    header = f"Bearer {jwt.encode({'alg': 'HS256'}, claims(exp=int(time.time()) + 1), keys.key)}"
    assert check(header).actor == TEACHER
    time.sleep(1.1)
    with pytest.raises(Unauthenticated):
        check(header)


def test_an_issuer_key_set_is_believed_and_nothing_else(tmp_path: Path) -> None:
    issuer = RSAKey.generate_key(2048, {"kid": "k1"})
    public = issuer.as_dict(private=False)
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": [public]}))
    settings = TokenSettings(jwks_file=file)
    keys = load_keys(settings, tmp_path)
    assert isinstance(keys.key, KeySet)
    check = authenticator(settings, keys)
    assert check(f"Bearer {jwt.encode({'alg': 'RS256', 'kid': 'k1'}, claims(), issuer)}").actor == TEACHER
    confused = jwt.encode({"alg": "HS256", "kid": "k1"}, claims(), OctKey.import_key(json.dumps(public)))
    unsigned = confused.split(".")[1]
    for token in (confused, f"eyJhbGciOiJub25lIn0.{unsigned}."):
        with pytest.raises(Unauthenticated):
            check(f"Bearer {token}")
    with pytest.raises(Misconfigured):
        mint_token(settings, keys, check(f"Bearer {jwt.encode({'alg': 'RS256', 'kid': 'k1'}, claims(), issuer)}"), 60)


def test_a_key_set_that_cannot_be_read_is_a_fault_of_the_settings(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured):
        load_keys(TokenSettings(jwks_file=tmp_path / "none.json"), tmp_path)


@contextmanager
def issuer_at(answer: dict[str, bytes]) -> Iterator[str]:
    """An issuer that answers with what `answer["keys"]` is at the time."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer["keys"])

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/jwks"
        server.shutdown()


def key_set(*keys: RSAKey) -> bytes:
    return json.dumps({"keys": [key.as_dict(private=False) for key in keys]}).encode()


def test_keys_that_an_issuer_rotates_are_believed_and_those_it_withdraws_are_not(tmp_path: Path) -> None:
    old, new = (RSAKey.generate_key(2048, {"kid": kid}) for kid in ("old", "new"))
    before, after = (f"Bearer {jwt.encode({'alg': 'RS256', 'kid': key.kid}, claims(), key)}" for key in (old, new))
    answer = {"keys": key_set(old)}
    with issuer_at(answer) as url:
        settings = TokenSettings(jwks_url=url)
        check = authenticator(settings, load_keys(settings, tmp_path))
        assert check(before).actor == TEACHER
        answer["keys"] = key_set(new)
        assert check(before).actor == TEACHER
        with pytest.raises(Unauthenticated):
            check(after)
        assert believed_soon(check, after)
        with pytest.raises(Unauthenticated):
            check(before)


def believed_soon(check: Authenticator, header: str) -> bool:
    for _ in range(50):
        with suppress(Unauthenticated):
            return check(header).actor == TEACHER
        time.sleep(0.1)
    return False


def test_an_issuer_that_does_not_answer_or_is_not_the_only_key_is_a_fault_of_the_settings(tmp_path: Path) -> None:
    with issuer_at({"keys": b"no key set"}) as url, pytest.raises(Misconfigured, match="key set can't be read"):
        load_keys(TokenSettings(jwks_url=url), tmp_path)
    both = TokenSettings(jwks_url="https://issuer.example/keys", jwks_file=tmp_path / "keys.json")
    with pytest.raises(Misconfigured, match="one is set"):
        load_keys(both, tmp_path)
    with pytest.raises(ValidationError):
        TokenSettings(jwks_url="http://issuer.example/keys")


def test_the_development_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    first = load_keys(TokenSettings(), tmp_path / "data")
    again = load_keys(TokenSettings(), tmp_path / "data")
    assert first.key.as_dict() == again.key.as_dict()
    assert (tmp_path / "data" / "token.key").stat().st_mode & 0o777 == 0o600


async def test_an_unknown_route_and_a_wrong_method_are_problems(door: Door) -> None:
    unknown = await door.client.get("/v1/nothing")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not-found")
    wrong = await door.client.get("/v1/evidence")
    assert (wrong.status_code, wrong.headers["content-type"]) == (405, "application/problem+json")


async def test_the_pages_load_nothing_from_elsewhere(door: Door) -> None:
    page = (await door.client.get("/", follow_redirects=True)).text
    addresses = re.findall(r"(?:src|href)=\"([^\"]+)\"", page)
    assert addresses
    for address in addresses:
        assert address.startswith("/docs/assets/")
        assert (await door.client.get(address)).status_code == 200
    assert 'id="score-outside-scale"' in (await door.client.get("/errors")).text


async def test_the_api_describes_itself(door: Door) -> None:
    document = (await door.client.get("/openapi.json")).json()
    score = document["paths"]["/v1/evidence/{evidence_id}/scores"]["post"]
    assert (score["operationId"], score["tags"]) == ("GiveScore", ["evidence"])
    assert "evidence_id" not in document["components"]["schemas"]["GiveScore"]["properties"]
    assert "evidence_id" not in document["components"]["schemas"]["SubmitEvidence"]["required"]
    references = re.findall(r'"\$ref":"#/components/schemas/(\w+)"', json.dumps(document, separators=(",", ":")))
    assert set(references) <= set(document["components"]["schemas"])


async def test_the_database_answers_for_the_health_of_the_service(door: Door) -> None:
    assert (await door.client.get("/healthz")).text == "position 3\n"


async def test_a_body_that_is_too_long_is_not_read(door: Door) -> None:
    answer = await door.post("/v1/evidence", '{"kind":"' + "x" * 17_000_000 + '"}', LEARNER)
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
