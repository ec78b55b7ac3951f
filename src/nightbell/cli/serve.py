"""The verb that runs everything: `nightbell serve`. It never sets Django up; its children do."""

import os
import sys

import click

from nightbell import postgres
from nightbell.cli import database, supervisor, survival, web
from nightbell.conf import env


def serve(host: str, port: int) -> None:
    """Run everything: the database (unless NIGHTBELL_DATABASE_URL names one), the web server and an engine."""
    settings = env.read()
    web.check_free(host, port)
    web.say_where_links_lead(settings, host, supervisor.address(host, port))
    supervisor.end_quietly_on_sigterm()
    if settings.database_url is not None:
        database.remember_url(settings, _public(settings, host, port), supervisor.address(host, port))
        sys.exit(_supervise(settings, host, port, None))
    try:
        server = postgres.start(database.data_directory(settings))
    except postgres.PostgresError as error:
        raise click.ClickException(str(error)) from error
    with server:
        database.remember_url(settings, _public(settings, host, port), supervisor.address(host, port))
        code = _supervise(settings, host, port, server)
    sys.exit(code)


def _public(settings: env.Settings, host: str, port: int) -> str:
    """How people reach it, if nobody said otherwise where it listens."""
    return settings.url if "url" in settings.model_fields_set else supervisor.address(host, port)


def _supervise(settings: env.Settings, host: str, port: int, server: postgres.Server | None) -> int:
    at = supervisor.address(host, port)
    environ = {name: value for name, value in os.environ.items() if value}
    if "url" not in settings.model_fields_set:
        env.put(environ, "url", at)
    if server is not None:
        env.put(environ, "database_url", server.url)
    plan = supervisor.Plan(
        environ=environ,
        first=[["migrate", "--quiet", "--wait"]],
        lasting={"web": ["web", "--host", host, "--port", str(port)], "engine": ["engine"]},
        host=host,
        port=port,
        ready=lambda: survival.announce(f"Nightbell listens on {at}"),
    )
    return supervisor.Supervisor(plan, server).run()
