"""The log of a service: one line an event on the error stream, whoever writes it.

Our own events come by structlog; those of libraries (the server, the event loop, the database), warnings, and
what ends a thread or the process by logging; and what anybody prints there line by line. Standard output is
for the command's own words. Tracebacks are without the values of variables, as some are keys and labels.
"""

from __future__ import annotations

import logging
import sys
import threading
from typing import TYPE_CHECKING, Any, Final, TextIO, cast

import structlog
from structlog.tracebacks import ExceptionDictTransformer

if TYPE_CHECKING:
    from structlog.typing import Processor

__all__ = ["log_to_stderr"]

_BEGIN: Final[list[Processor]] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
_BEGIN_FOREIGN: Final[list[Processor]] = [
    *_BEGIN,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(["request_id"]),
]


def log_to_stderr(*, as_json: bool) -> None:
    """Log to the error stream from now on, as JSON or to be read.

    As JSON, nothing of this process comes to the error stream in any other way.
    """
    stream = sys.stderr if as_json else cast("TextIO", _Stderr())
    ending = _as_json() if as_json else _to_be_read()
    structlog.configure(
        processors=[*_BEGIN, *ending],
        logger_factory=structlog.WriteLoggerFactory(file=stream),
        cache_logger_on_first_use=True,
    )
    handler = _Handler(stream)
    meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processors=[meta, *ending], foreign_pre_chain=_BEGIN_FOREIGN)
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=as_json)
    if as_json:
        logging.captureWarnings(capture=True)
        sys.excepthook, threading.excepthook, sys.unraisablehook = _end, _thread_end, _unraisable
        sys.stderr = cast("TextIO", _Printed())


def _as_json() -> list[Processor]:
    tracebacks = structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False))
    return [tracebacks, structlog.processors.JSONRenderer()]


def _to_be_read() -> list[Processor]:
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]


class _Stderr:
    """The error stream as it is at the time: a logger stays with the process, a stream need not."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


class _Handler(logging.StreamHandler[TextIO]):
    """Lines that cannot be written, as on a disk that is full, are lost: there is nowhere to say so."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's name)
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)


class _Printed:
    """An error stream for whoever prints to one: each line is logged."""

    encoding, errors = "utf-8", "backslashreplace"

    def __init__(self) -> None:
        self._begun = threading.local()  # a line that comes in pieces is one thread's
        self._logger = logging.getLogger("stderr")

    def write(self, text: str) -> int:
        *lines, rest = (getattr(self._begun, "text", "") + text).split("\n")
        self._begun.text = rest
        for line in lines:
            if line.strip():
                self._logger.error("%s", line)
        return len(text)

    def flush(self) -> None:
        """Nothing waits but a line that is not ended."""

    def isatty(self) -> bool:
        return False


def _end(kind: Any, error: BaseException, trace: Any) -> None:
    logging.getLogger(__name__).critical("ended by a fault", exc_info=(kind, error, trace))


def _thread_end(told: threading.ExceptHookArgs) -> None:
    if told.exc_value is None or isinstance(told.exc_value, SystemExit):
        return
    name = "?" if told.thread is None else told.thread.name
    fault = (told.exc_type, told.exc_value, told.exc_traceback)
    logging.getLogger(__name__).error("thread %s ended by a fault", name, exc_info=fault)


def _unraisable(told: sys.UnraisableHookArgs) -> None:
    if told.exc_value is not None:
        fault = (told.exc_type, told.exc_value, told.exc_traceback)
        logging.getLogger(__name__).error("%s: %r", told.err_msg or "not raised", told.object, exc_info=fault)
