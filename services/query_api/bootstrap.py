"""The query API as an application: its pool, its desk, its routes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from psycopg import AsyncConnection, IsolationLevel
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from domain.kernel.errors import Invalid
from domain.mastery.cells import Vocabulary, cells_of
from domain.mastery.compile import compile_policy
from domain.mastery.kernel import evaluate
from domain.policy.starters import DEFAULT
from infra.http.auth import authenticator, load_keys
from infra.http.pages import add_pages
from infra.http.problems import add_problem_handlers, problem
from infra.http.signature import secrets_of
from infra.postgres.database import open_database
from infra.settings import QueryAPISettings
from services.query_api import learner_routes, policy_routes, school_routes
from services.query_api.answers import Connection
from services.query_api.desk import Desk
from services.query_api.examples import document
from services.query_api.measures import Measured, Measures

TITLE: Final = "Mastery Ledger: questions"
ROUTERS: Final = (
    learner_routes.router,
    policy_routes.simulations,
    policy_routes.router,
    school_routes.router,
    school_routes.operations,
)
OPTIONS: Final = "-c TimeZone=UTC -c statement_timeout=10s"


def build_app(settings: QueryAPISettings, conninfo: str) -> FastAPI:
    """Return the application; it opens its connections to the database `conninfo` when it starts."""
    authenticate = authenticator(settings, load_keys(settings, settings.data_dir))
    secret_of = secrets_of(settings, settings.data_dir)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(_warm_kernel)
        async with open_pool(conninfo, settings.query_connections_max) as pool:
            limits = (settings.min_position_wait_s, settings.stream_source, secret_of, settings.approvals_min)
            app.state.desk = Desk(pool, authenticate, *limits)
            yield

    app = FastAPI(title=TITLE, version="1", docs_url=None, redoc_url=None, lifespan=lifespan)
    app.state.measures = Measures()
    app.add_middleware(Measured, measures=app.state.measures)
    for router in ROUTERS:
        app.include_router(router)
    openapi = document(app)
    app.openapi = lambda: openapi  # type: ignore[method-assign]
    add_problem_handlers(app)
    app.add_exception_handler(RequestValidationError, _malformed)
    add_pages(app, TITLE)
    return app


def serve(settings: QueryAPISettings) -> None:
    """Serve until the process is told to end.

    Raises:
        Misconfigured, Unavailable: the settings contradict each other, the database can't be reached.
    """
    with open_database(settings) as database:
        uvicorn.run(
            build_app(settings, database.app),
            host=settings.query_api_host,
            port=settings.query_api_port,
            loop="uvloop",
            http="httptools",
            access_log=False,
            log_level="warning",
        )


def _warm_kernel() -> None:
    """Load the compiled kernel (a fresh installation compiles it for seconds), so that no question waits for it."""
    evaluate(cells_of([[]]), compile_policy(DEFAULT, Vocabulary()))


def open_pool(conninfo: str, connections_max: int) -> AsyncConnectionPool[Connection]:
    """Return a pool, not yet open, of connections whose transactions are read-only snapshots."""
    return AsyncConnectionPool(
        conninfo,
        connection_class=AsyncConnection,
        kwargs={"row_factory": dict_row, "options": OPTIONS, "application_name": "query-api"},
        min_size=1,
        max_size=connections_max,
        timeout=5,
        configure=_read_snapshots,
        check=AsyncConnectionPool.check_connection,
        open=False,
    )


async def _read_snapshots(connection: Connection) -> None:
    await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
    await connection.set_read_only(True)


async def _malformed(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    fault = error.errors()[0]
    message = fault["msg"][0].lower() + fault["msg"][1:]
    return problem(Invalid("malformed", f"{'.'.join(map(str, fault['loc'][1:]))}: {message}"))
