"""Logs for operators: one JSON object a line. No address, no query, no code, no number, no secret is ever in one:
only the route's name, the status and the time it took."""

import json
import logging
import sys
import time
from typing import Any

from flask import Flask, Response, g, request

from wallet.clock import now

log = logging.getLogger(__name__)  # not the application's own, which is off: see `init`


class JsonLines(logging.Formatter):
    """A record as one line of JSON. Of an exception, its type and where it was raised: messages may carry data, and so
    may what a library fills into its own. gunicorn.conf.py has every other logger speak like this too."""

    def format(self, record: logging.LogRecord) -> str:
        numbers = isinstance(record.args, tuple) and all(isinstance(value, int) for value in record.args)
        event = record.getMessage() if numbers else str(record.msg)
        line: dict[str, Any] = {"at": now().isoformat(), "level": record.levelname, "event": event}
        line |= getattr(record, "facts", {})
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            trace = record.exc_info[2]
            frames = []
            while trace is not None:
                frames.append(f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}")
                trace = trace.tb_next
            line["where"] = frames[-8:]
        return json.dumps(line, ensure_ascii=False)


def init(app: Flask) -> None:
    """Log each request by its route's name."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    log.handlers[:] = [handler]
    log.setLevel(logging.INFO)
    log.propagate = False
    # Flask's own line for an exception carries the request's path; ours does not.
    app.logger.handlers[:] = []
    app.logger.disabled = True

    @app.before_request
    def _begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def _end(response: Response) -> Response:
        took = round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000)
        facts = {"route": request.endpoint, "method": request.method, "status": response.status_code, "ms": took}
        log.info("request", extra={"facts": facts})
        return response

    @app.teardown_request
    def _broke(error: BaseException | None) -> None:
        if error is not None:
            log.error("broke", exc_info=error, extra={"facts": {"route": request.endpoint}})
