"""The verb that runs the web server: `nightbell web`. The worker loads Django, so that its parent stays small."""

import errno
import os
import signal
import socket
from collections.abc import Callable
from functools import partial
from types import ModuleType
from wsgiref.types import WSGIApplication

import click
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server import Server

from nightbell.cli import children, database
from nightbell.conf import env

DRAIN_SECONDS = 10
# A thread keeps its connection to the database; one that rested this long gives both back.
THREAD_REST_SECONDS = 300

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
@click.pass_obj
def web(load: Callable[[str], ModuleType], host: str, port: int) -> None:
    """Run the dashboard and the API alone, on a database that runs already.

    \b
    nightbell web --host 0.0.0.0 --port 8000
    """
    _serve(partial(_application, load, "worker", os.getpid()), host, port)


@click.command()
@port_option
@click.pass_obj
def demo_web(load: Callable[[str], ModuleType], port: int) -> None:
    """The web server of the demo."""
    _serve(partial(_application, load, "demo_worker", os.getpid()), "127.0.0.1", port)


def _serve(application: Callable[[], WSGIApplication], host: str, port: int) -> None:
    settings = env.read()
    os.environ["NIGHTBELL_DATABASE_URL"] = database.running_database_url(settings)
    check_free(host, port)
    Server(
        "nightbell",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        # One process: its threads share what is loaded, and the work is in the database.
        workers=1,
        blocking_threads=settings.web_threads,
        blocking_threads_idle_timeout=THREAD_REST_SECONDS,
        http=HTTPModes.http1,
        websockets=False,
        # Its warnings are about settings that are meant.
        log_level=LogLevels.error,
        log_dictconfig=LOGGING,
        workers_kill_timeout=DRAIN_SECONDS,
    ).serve(target_loader=application, wrap_loader=False)


def _application(load: Callable[[str], ModuleType], module: str, parent: int) -> WSGIApplication:
    """Called in the worker."""
    children.die_with(parent)
    # Until it serves it may be waiting for the database, and ends when it is told to.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    application: WSGIApplication = load(module).application
    return application


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
