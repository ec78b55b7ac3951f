"""The verb that runs the web server: `nightbell web`. The worker loads Django, so that its parent stays small."""

import errno
import os
import resource
import signal
import socket
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

import click
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

from nightbell.cli import children, database
from nightbell.cli.running import PATIENCE_SECONDS
from nightbell.conf import env

DRAIN_SECONDS = 10
# A thread keeps its connection to the database; one that rested this long gives both back.
THREAD_REST_SECONDS = 300
EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 -- the names of all addresses
# At a time, idle ones too; the system keeps some more waiting. Each is a file to the system, and so are other things.
MAX_CONNECTIONS = 8192
BACKLOG = 1024
OTHER_FILES = 256

LOGGING = {
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s web %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {
        "_granian": {"handlers": ["stderr"], "propagate": False},
        "granian.access": {"handlers": [], "propagate": False},
    },
}


def web(host: str, port: int, patience: float) -> None:
    """Run the dashboard and the API alone, on a database that runs already."""
    _serve(partial(_door, _load(), "worker", os.getpid(), patience), host, port, patience)


def demo_web(port: int) -> None:
    """The web server of the demo."""
    _serve(partial(_door, _load(), "demo_worker", os.getpid(), PATIENCE_SECONDS), "127.0.0.1", port, PATIENCE_SECONDS)


def _load() -> Callable[[str], ModuleType]:
    load: Callable[[str], ModuleType] = click.get_current_context().obj
    return load


def _serve(door: Callable[[], Any], host: str, port: int, patience: float) -> None:
    settings = env.read()
    say_where_links_lead(settings, host, settings.url)
    env.put(os.environ, "database_url", database.running_database_url(settings))
    check_free(host, port)
    Server(
        "nightbell",
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        # One process: its threads share what is loaded, and the work is in the database.
        workers=1,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=int(patience * 1000)),
        backlog=BACKLOG,
        backpressure=_room_for_connections(),
        websockets=False,
        # Its warnings are about settings that are meant.
        log_level=LogLevels.error,
        log_dictconfig=LOGGING,
        workers_kill_timeout=DRAIN_SECONDS,
    ).serve(target_loader=door, wrap_loader=False)


def _door(load: Callable[[str], ModuleType], module: str, parent: int, patience: float) -> Any:
    """Called in the worker."""
    children.die_with(parent)
    # Until it serves it may be waiting for the database, and ends when it is told to.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    return load(module).door(patience, THREAD_REST_SECONDS)


def _room_for_connections() -> int:
    """How many connections there may be, once we are allowed all the files that we may allow ourselves."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return MAX_CONNECTIONS if most == resource.RLIM_INFINITY else max(1, min(MAX_CONNECTIONS, most - OTHER_FILES))


def say_where_links_lead(settings: env.Settings, host: str, url: str) -> None:
    """Where others may come and nobody said how: what they are sent leads nowhere for them."""
    if "url" in settings.model_fields_set or host not in EVERYWHERE:
        return
    click.echo(
        f"nightbell: NIGHTBELL_URL is not set: links in mails lead to {url}, which only this machine can follow, and "
        "other host names are refused. Set it to the address people use.",
        err=True,
    )


def check_free(host: str, port: int) -> None:
    """Refuse a port somebody listens on: the server would share it with them, and each get some of the requests."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        reason = "something else listens there" if error.errno == errno.EADDRINUSE else str(error.strerror or error)
        raise click.ClickException(f"--port: cannot listen on {host}:{port}: {reason}.") from error
