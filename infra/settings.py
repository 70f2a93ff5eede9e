"""The settings of all programs: read once at the entry point from `MASTERY_...`, then passed down."""

from pathlib import Path
from typing import Final, Literal, Self, TypeVar

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.kernel.errors import Misconfigured
from domain.policy.commands import Limits

LOOPBACK: Final = "127.0.0.1"


class _Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="MASTERY_", frozen=True, extra="ignore")

    log_format: Literal["auto", "console", "json"] = Field(
        "auto", description="Form of the log lines; auto is console on a terminal and json elsewhere."
    )


class DatabaseSettings(_Settings):
    """Where the ledger is: for every program."""

    data_dir: Path = Field(
        Path(".mastery"), description="Folder of the embedded database, which runs where no address is set."
    )
    database_url: str | None = Field(None, description="Address of the database for the role mastery_app.")
    database_owner_url: str | None = Field(
        None, description="Address of the same database for its owner. Where it is set, the migrations are run."
    )

    cells_dir: Path | None = Field(
        None, description="Folder of the cell shards; by default the folder cells in the data folder."
    )

    @model_validator(mode="after")
    def _owner_of_something(self) -> Self:
        if self.database_owner_url is not None and self.database_url is None:
            raise ValueError("MASTERY_DATABASE_OWNER_URL is set without MASTERY_DATABASE_URL")
        return self


class TokenSettings(_Settings):
    """Which bearer tokens are believed, and what `mastery token` makes."""

    jwt_key: SecretStr | None = Field(
        None,
        min_length=32,
        description="Shared key of HS256 tokens. With neither a key nor a key set, one is made in the data folder.",
    )
    jwks_file: Path | None = Field(None, description="JWKS file with the public keys of the token issuer.")
    jwks_url: str | None = Field(
        None,
        pattern=r"^(https://|http://(127\.0\.0\.1|localhost)[:/])",
        description="Address where the token issuer publishes its keys, instead of a file; https, looked at again.",
    )
    jwt_issuer: str = Field("mastery-ledger", description="Issuer that a token has to name.")
    jwt_audience: str = Field("mastery-ledger", description="Audience that a token has to name.")


class StreamSettings(_Settings):
    """What the event stream says of itself."""

    stream_source: str = Field(
        "/mastery-ledger", min_length=1, description="`source` of every CloudEvent: a URI reference of the district's."
    )


class PolicySettings(_Settings):
    """What a district demands before a policy is published."""

    approvals_min: int = Field(2, ge=1, le=100, description="People, none of them an author, who approve a policy.")
    simulation_age_positions_max: int = Field(
        100_000, ge=0, description="Events that a policy's simulation may be behind the log at its publication."
    )

    @property
    def policy_limits(self) -> Limits:
        """The limits as the rules take them."""
        return Limits(self.approvals_min, self.simulation_age_positions_max)


class CommandAPISettings(DatabaseSettings, TokenSettings, PolicySettings):
    """The command API."""

    command_api_host: str = Field(LOOPBACK, description="Address that the command API listens on.")
    command_api_port: int = Field(8000, ge=0, le=65535, description="Port of the command API.")
    batch_line_bytes_max: int = Field(64 * 1024, ge=1024, description="Longest line of an NDJSON batch, in bytes.")
    batch_lines_max: int = Field(
        1000, ge=1, le=20_000, description="Lines of an NDJSON batch that are appended in one transaction."
    )
    standing_wait_s: float = Field(
        5.0, ge=0, le=60, description="Seconds that an act on a learner's level waits for the projectors."
    )


class WebhookKeySettings(_Settings):
    """What the secrets of webhooks follow from."""

    webhook_key: SecretStr | None = Field(
        None,
        min_length=32,
        description="Key that every webhook's secret follows from. Where none is set, one is made in the data folder.",
    )


class WebhookSettings(DatabaseSettings, StreamSettings, WebhookKeySettings):
    """The courier, which sends webhooks their events."""

    webhook_private_targets: bool = Field(
        False,
        description="Whether webhooks reach this machine and private networks too, unencrypted: for development only.",
    )


class QueryAPISettings(DatabaseSettings, TokenSettings, PolicySettings, StreamSettings, WebhookKeySettings):
    """The query API."""

    query_api_host: str = Field(LOOPBACK, description="Address that the query API listens on.")
    query_api_port: int = Field(8001, ge=0, le=65535, description="Port of the query API.")
    query_connections_max: int = Field(8, ge=1, le=100, description="Most database connections of the query API.")
    min_position_wait_s: float = Field(
        2.0, ge=0, le=60, description="Seconds that a question with Min-Position waits for its projector."
    )


class PublisherSettings(DatabaseSettings, StreamSettings):
    """The publisher, and what reads the topics."""

    kafka_servers: str | None = Field(
        None, description="Addresses of Kafka brokers, with commas between; where none is set, nothing is published."
    )
    kafka_topic_prefix: str = Field(
        "mastery.", pattern=r"^[A-Za-z0-9._-]{0,100}$", description="What the names of all topics begin with."
    )
    kafka_partitions: int = Field(8, ge=1, le=10_000, description="Partitions of a topic that the publisher makes.")
    kafka_replicas: int = Field(1, ge=1, le=10, description="Replicas of a topic that the publisher makes.")

    kafka_session_s: int = Field(
        10,
        ge=1,
        le=300,
        description="Seconds after which the lanes of a silent projector's worker go to others.",
    )

    @property
    def servers(self) -> list[str]:
        """The addresses, one by one.

        Raises:
            Misconfigured: configuration, if none is set.
        """
        if not self.kafka_servers:
            raise Misconfigured("configuration", "MASTERY_KAFKA_SERVERS is not set, there is no broker")
        return [server.strip() for server in self.kafka_servers.split(",")]


S = TypeVar("S", bound=_Settings)


def read_settings(kind: type[S]) -> S:
    """Return the settings of a program.

    Raises:
        Misconfigured: configuration, for a value that has not its form; the fault names the variable.
    """
    try:
        return kind()
    except ValidationError as error:
        faults = (f"{_variable(one['loc'])}{one['msg'].removeprefix('Value error, ')}" for one in error.errors())
        raise Misconfigured("configuration", "; ".join(faults)) from error


def _variable(location: tuple[int | str, ...]) -> str:
    return f"MASTERY_{str(location[0]).upper()}: " if location else ""
