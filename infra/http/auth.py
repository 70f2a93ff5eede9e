"""Who asks: bearer tokens (JWT, RFC 7519) checked against configured keys."""

import json
import os
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey
from pydantic import TypeAdapter, ValidationError

from domain.kernel.envelope import Actor
from domain.kernel.errors import Misconfigured, Unauthenticated
from domain.kernel.ids import LearnerId
from domain.kernel.permissions import Principal
from infra.http.issuer import Issuer, fetch_keys
from infra.settings import TokenSettings

ALGORITHMS: Final = ("RS256", "ES256", "EdDSA")
"""Accepted with an issuer's key set; a shared key is used with HS256 only."""
REMEMBERED_MAX: Final = 10_000
"""Tokens whose signature is not checked again while they are valid."""
_LEARNERS: Final = TypeAdapter(frozenset[LearnerId])


class Keys(NamedTuple):
    """What signatures are checked with."""

    key: OctKey | KeySet
    algorithms: Sequence[str]


def load_keys(settings: TokenSettings, data_dir: Path) -> Keys:
    """Return the configured keys, or else this installation's own, for development, from its data folder.

    Raises:
        Misconfigured: a key set that can't be read, or a key beside it; a data folder that can't be used.
    """
    if sum(one is not None for one in (settings.jwt_key, settings.jwks_file, settings.jwks_url)) > 1:
        raise Misconfigured("configuration", "of MASTERY_JWT_KEY, MASTERY_JWKS_FILE and MASTERY_JWKS_URL one is set")
    if settings.jwks_url is not None:
        return Keys(fetch_keys(settings.jwks_url), ALGORITHMS)
    if settings.jwks_file is None:
        secret = settings.jwt_key.get_secret_value() if settings.jwt_key else installation_key(data_dir, "token.key")
        return Keys(OctKey.import_key(secret), ("HS256",))
    try:
        key_set = KeySet.import_key_set(json.loads(settings.jwks_file.read_bytes()))
    except (OSError, ValueError, TypeError, JoseError) as error:
        fault = f"key set can't be read: {error}"
        raise Misconfigured("configuration", fault, file=settings.jwks_file) from error
    return Keys(key_set, ALGORITHMS)


def installation_key(data_dir: Path, name: str) -> str:
    """Read a key of this installation; make it first, so that of many programs at once one key wins.

    Raises:
        Misconfigured: configuration, for a data folder that can't be used.
    """
    path, made = data_dir / name, data_dir / f"{name}.{os.getpid()}"
    try:
        if not path.exists():
            data_dir.mkdir(parents=True, exist_ok=True)
            made.touch(0o600)
            made.write_text(secrets.token_urlsafe(32))
            with suppress(FileExistsError):
                path.hardlink_to(made)
            made.unlink()
        return path.read_text()
    except OSError as error:
        raise Misconfigured("configuration", f"data folder can't be used: {error}") from error


def mint_token(settings: TokenSettings, keys: Keys, principal: Principal, lifetime_s: int) -> str:
    """Return a token for development, signed with the shared secret.

    Raises:
        Misconfigured: tokens come from an issuer, whose private key is not here.
    """
    if isinstance(keys.key, KeySet):
        raise Misconfigured("configuration", "tokens are made by the issuer of the configured key set")
    now = int(time.time())
    claims = {
        "iss": settings.jwt_issuer,
        "aud": settings.jwt_audience,
        "iat": now,
        "exp": now + lifetime_s,
        "sub": principal.actor.id,
        "role": principal.actor.role.value,
        "learners": sorted(principal.learners),
    }
    return jwt.encode({"alg": "HS256"}, claims, keys.key, algorithms=["HS256"])


Authenticator = Callable[[str | None], Principal]
"""From the `Authorization` header to who asks; raises Unauthenticated."""


def authenticator(settings: TokenSettings, keys: Keys) -> Authenticator:
    """Return the check of the `Authorization` header. It remembers tokens, so a repeated one costs a look-up.

    The keys of an issuer at an address are renewed meanwhile; no token is remembered beyond them.
    """
    issuer = Issuer(settings.jwks_url, keys.key) if settings.jwks_url and isinstance(keys.key, KeySet) else None
    registry = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": settings.jwt_issuer},
        aud={"essential": True, "value": settings.jwt_audience},
        exp={"essential": True},
        sub={"essential": True},
        role={"essential": True},
    )
    known: dict[str, tuple[Principal, float, OctKey | KeySet]] = {}

    def authenticate(header: str | None) -> Principal:
        key = keys.key if issuer is None else issuer.keys
        remembered = known.get(header or "")
        if remembered is not None and time.time() < remembered[1] and remembered[2] is key:
            return remembered[0]
        scheme, _, token = (header or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("not-authenticated", "request has no bearer token")
        try:
            claims = _claims(token.strip(), Keys(key, keys.algorithms), registry)
        except Unauthenticated:
            if issuer is not None:
                issuer.doubt()
            raise
        if len(known) >= REMEMBERED_MAX:
            known.clear()
        known[header or ""] = (principal := _principal(claims)), float(claims["exp"]), key
        return principal

    return authenticate


def _claims(token: str, keys: Keys, registry: jwt.JWTClaimsRegistry) -> dict[str, Any]:
    try:
        decoded = jwt.decode(token, keys.key, algorithms=list(keys.algorithms))
        registry.validate(decoded.claims)
    except (JoseError, ValueError) as error:
        raise Unauthenticated("not-authenticated", f"token is not valid: {error}") from error
    return decoded.claims


def _principal(claims: dict[str, Any]) -> Principal:
    try:
        actor = Actor.model_validate({"id": claims["sub"], "role": claims["role"]})
        learners = _LEARNERS.validate_python(claims.get("learners", ()))
    except ValidationError as error:
        raise Unauthenticated("not-authenticated", "token names no known role or no usable subject") from error
    return Principal(actor, learners)
