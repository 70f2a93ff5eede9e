"""Log lines of the programs: one canonical line a request or batch, on stderr; JSON where no terminal reads them."""

import logging
import sys
from typing import Literal

import structlog


def configure_logs(form: Literal["auto", "console", "json"], level: str = "info") -> None:
    """Send the program's log lines of at least `level` to stderr.

    Tracebacks tell no local values: these may be personal.
    """
    as_json = form == "json" or (form == "auto" and not sys.stderr.isatty())
    to_json = (structlog.processors.format_exc_info, structlog.processors.JSONRenderer())
    to_lines = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *(to_json if as_json else (to_lines,)),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
