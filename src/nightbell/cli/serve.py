"""The verb that runs everything: `nightbell serve`. It never sets Django up; its children do."""

import os
import sys

import click

from nightbell import postgres
from nightbell.cli import database, supervisor, web
from nightbell.conf import env


@click.command()
@web.host_option
@web.port_option
def serve(host: str, port: int) -> None:
    """Run everything: the database (unless NIGHTBELL_DATABASE_URL names one), the web server and an engine.

    \b
    nightbell serve
    nightbell serve --host 0.0.0.0 --port 8000

    Where others are to reach it, NIGHTBELL_URL says how: links in mails start with it, and other names are refused.

    It brings the tables up to date first. Stop it with Ctrl-C or SIGTERM: pages under way are finished first.
    """
    settings = env.read()
    web.check_free(host, port)
    supervisor.end_quietly_on_sigterm()
    if settings.database_url is not None:
        sys.exit(_supervise(host, port, settings.database_url, None))
    try:
        server = postgres.start(database.data_directory(settings))
    except postgres.PostgresError as error:
        raise click.ClickException(str(error)) from error
    with server:
        database.remember_url(settings, os.environ.get("NIGHTBELL_URL") or supervisor.address(host, port))
        code = _supervise(host, port, server.url, server)
    sys.exit(code)


def _supervise(host: str, port: int, database_url: str, server: postgres.Server | None) -> int:
    at = supervisor.address(host, port)
    plan = supervisor.Plan(
        environ={
            "NIGHTBELL_URL": at,
            **{name: value for name, value in os.environ.items() if value},
            "NIGHTBELL_DATABASE_URL": database_url,
        },
        first=[["migrate", "--quiet", "--wait"]],
        lasting={"web": ["web", "--host", host, "--port", str(port)], "engine": ["engine"]},
        host=host,
        port=port,
        ready=lambda: click.echo(f"Nightbell listens on {at}"),
    )
    return supervisor.Supervisor(plan, server).run()
