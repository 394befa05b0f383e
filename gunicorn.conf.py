"""How the application is served. Every value can be set from the environment; these are for one small machine."""

import os

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
wsgi_app = "wallet:create_app()"
workers = int(os.environ.get("WORKERS", "2"))
threads = int(os.environ.get("THREADS", "8"))
worker_class = "gthread"
timeout = 30
# Our own log has the route's name; an access log would hold addresses and queries.
accesslog = None
loglevel = "warning"
control_socket_disable = True
forwarded_allow_ips = "127.0.0.1"
