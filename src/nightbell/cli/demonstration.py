"""The verb that shows what this is: `nightbell demo`, on a throwaway database and with a mail server of its own."""

import importlib.util
import os
import secrets
import shutil
import socket
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import click
from cryptography.fernet import Fernet

from nightbell import postgres
from nightbell.cli import supervisor, survival, web

PORTS = range(8000, 8050)
# It is thrown away: nothing is lost with the power.
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def demo(port: int | None) -> None:
    """Try it: an organization with five people and a policy, their mail and Slack in the browser, and a clock to move.

    Nothing leaves this machine, and nothing is kept. Ctrl-C ends it.
    """
    if importlib.util.find_spec("aiosmtpd") is None:
        raise click.ClickException(
            "The demo needs more than a plain installation: pip install 'nightbell[demo,embedded]'"
        )
    port = _free_port() if port is None else port
    web.check_free("127.0.0.1", port)
    supervisor.end_quietly_on_sigterm()
    place = Path(tempfile.mkdtemp(prefix="nightbell-demo-"))
    try:
        with postgres.start(place, FORGETFUL) as server:
            code = supervisor.Supervisor(_plan(port, server.url), server).run()
    except postgres.PostgresError as error:
        raise click.ClickException(str(error)) from error
    finally:
        shutil.rmtree(place, ignore_errors=True)
    sys.exit(code)


def _plan(port: int, database_url: str) -> supervisor.Plan:
    at = supervisor.address("127.0.0.1", port)
    return supervisor.Plan(
        environ=_environ(at, database_url),
        first=[["demo-prepare"]],
        lasting={"web": ["demo-web", "--port", str(port)], "engine": ["engine"]},
        host="127.0.0.1",
        port=port,
        ready=lambda: survival.announce(f"The demo is at  {at}/demo/  Ctrl-C ends it, and nothing is kept."),
    )


def _environ(at: str, database_url: str) -> Mapping[str, str]:
    """Ours alone: what the environment says of a real installation is none of the demo's business."""
    # Held both at once, so that they are two.
    with socket.create_server(("127.0.0.1", 0)) as smtp, socket.create_server(("127.0.0.1", 0)) as slack:
        smtp_port, slack_port = smtp.getsockname()[1], slack.getsockname()[1]
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("NIGHTBELL_")},
        "NIGHTBELL_URL": at,
        "NIGHTBELL_DATABASE_URL": database_url,
        "NIGHTBELL_SMTP_URL": f"smtp://127.0.0.1:{smtp_port}",
        "NIGHTBELL_MAIL_FROM": "Nightbell <nightbell@night-owls.example>",
        "NIGHTBELL_SLACK_API_URL": f"http://127.0.0.1:{slack_port}/api/",
        "NIGHTBELL_SLACK_CLIENT_ID": "1001.2002",
        "NIGHTBELL_SLACK_CLIENT_SECRET": secrets.token_hex(16),
        "NIGHTBELL_SLACK_SIGNING_SECRET": secrets.token_hex(16),
        "NIGHTBELL_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "NIGHTBELL_LOG_LEVEL": "WARNING",
    }


def _free_port() -> int:
    for port in PORTS:
        try:
            web.check_free("127.0.0.1", port)
        except click.ClickException:
            continue
        return port
    raise click.ClickException(f"--port: none of {PORTS.start} to {PORTS.stop - 1} is free; name another.")
