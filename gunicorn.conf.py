"""How the application is served. Every value can be set from the environment; these are for one small machine."""

import os

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
wsgi_app = "wallet:create_app()"
workers = int(os.environ.get("WORKERS", "2"))
threads = int(os.environ.get("THREADS", "8"))
worker_class = "gthread"
preload_app = True  # one import for all workers: half the time to start; no connection is open yet when they fork
timeout = 30
# Our own log has the route's name; an access log would hold addresses and queries.
accesslog = None
loglevel = "warning"
# Whatever else has something to say, says it in our own way: a line of JSON, without what may be someone's.
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "wallet.web.logs.JsonLines"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"gunicorn.error": {"handlers": ["stderr"], "level": "WARNING", "propagate": False}},
}
control_socket_disable = True
forwarded_allow_ips = "127.0.0.1"
