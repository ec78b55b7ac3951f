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
from nightbell.conf import env

DRAIN_SECONDS = 10
# A thread keeps its connection to the database; one that rested this long gives both back.
THREAD_REST_SECONDS = 300
# A request has this long for its head, and as long again for its body. A connection between two requests is kept no
# longer either: the server has one limit for both.
PATIENCE_SECONDS = 10.0
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

host_option = click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
port_option = click.option(
    "--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="The port to listen on."
)


@click.command()
@host_option
@port_option
@click.option("--patience", type=click.FloatRange(0.1), default=PATIENCE_SECONDS, hidden=True)
@click.pass_obj
def web(load: Callable[[str], ModuleType], host: str, port: int, patience: float) -> None:
    """Run the dashboard and the API alone, on a database that runs already.

    \b
    nightbell web --host 0.0.0.0 --port 8000
    """
    _serve(partial(_door, load, "worker", os.getpid(), patience), host, port, patience)


@click.command()
@port_option
@click.pass_obj
def demo_web(load: Callable[[str], ModuleType], port: int) -> None:
    """The web server of the demo."""
    _serve(partial(_door, load, "demo_worker", os.getpid(), PATIENCE_SECONDS), "127.0.0.1", port, PATIENCE_SECONDS)


def _serve(door: Callable[[], Any], host: str, port: int, patience: float) -> None:
    settings = env.read()
    os.environ["NIGHTBELL_DATABASE_URL"] = database.running_database_url(settings)
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
