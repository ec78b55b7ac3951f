"""The verbs of one word that run, look after and describe an installation, as they are typed."""

import click

from nightbell.cli import typed
from nightbell.cli.deferred import Command

# A request has this long for its head, and as long again for its body. A connection between two requests is kept no
# longer either: the server has one limit for both.
PATIENCE_SECONDS = 10.0


@click.command(cls=Command)
@typed.host_option
@typed.port_option
def serve() -> None:
    """Run everything: the database (unless NIGHTBELL_DATABASE_URL names one), the web server and an engine.

    \b
    nightbell serve
    nightbell serve --host 0.0.0.0 --port 8000

    Where others are to reach it, NIGHTBELL_URL says how: links in mails start with it, and other names are refused.

    It brings the tables up to date first. Stop it with Ctrl-C or SIGTERM: pages under way are finished first.
    """


@click.command(cls=Command)
@click.option("--port", type=click.IntRange(1, 65535), help="The port to listen on: 8000, or the next free one.")
def demo() -> None:
    """Try it: an organization with five people and a policy, their mail and Slack in the browser, and a clock to move.

    Nothing leaves this machine, and nothing is kept. Ctrl-C ends it.
    """


@click.command(cls=Command)
@typed.json_option
def check() -> None:
    """Look at this installation: environment, database, clock, channels. The exit code is 1 if something is wrong.

    The mail server is asked for everything a page needs, up to its recipient. No mail is sent and nothing is changed.
    """


@click.command(cls=Command)
@typed.host_option
@typed.port_option
@click.option("--patience", type=click.FloatRange(0.1), default=PATIENCE_SECONDS, hidden=True)
def web() -> None:
    """Run the dashboard and the API alone, on a database that runs already.

    \b
    nightbell web --host 0.0.0.0 --port 8000
    """


@click.command(cls=Command)
def engine() -> None:
    """Run one engine: it fires deadlines and sends pages. Any number of them may run on one database.

    It stops on SIGTERM: claims no more, finishes what is under way within ten seconds. A second one stops it at once.
    """


@click.command(cls=Command)
@click.option("--quiet", is_flag=True, help="One line, or none where there was nothing to do.")
@click.option("--wait", is_flag=True, help="Wait for a database that is away or busy, and say so.")
@typed.json_option
def migrate() -> None:
    """Bring the database's tables up to date. `nightbell serve` does it by itself.

    Machines that do it at once take turns, and paging goes on meanwhile.
    """


@click.command(cls=Command)
def openapi() -> None:
    """Print the OpenAPI description of the REST API, as JSON."""


@click.command(cls=Command)
@typed.port_option
def demo_web() -> None:
    """The web server of the demo."""


@click.command(cls=Command)
def demo_prepare() -> None:
    """Make the demo's people, in an empty database."""
