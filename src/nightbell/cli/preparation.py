"""Getting a process ready for a verb: environment, database, Django, in that order."""

import os
import sys

import click
import django
from django.apps import apps

from nightbell import postgres
from nightbell.cli import database, proof, verbs
from nightbell.conf import env

WRONG_ENVIRONMENT = 2


def prepare(ctx: click.Context, verb: verbs.Verb, *, only_help: bool) -> None:
    """Have ready what the verb needs. A wrong environment is told whole, and ends the process with 2."""
    if verb.lasting and not only_help:
        postgres.as_init()
    if verb.needs is verbs.Needs.NOTHING:
        return
    os.environ["DJANGO_SETTINGS_MODULE"] = verb.settings
    try:
        settings = env.read()
    except env.Mistakes as mistakes:
        for line in mistakes.lines:
            click.echo(line, err=True)
        sys.exit(WRONG_ENVIRONMENT)
    if verb.needs is verbs.Needs.ENVIRONMENT:
        return
    if not only_help:
        _find_database(ctx, verb, settings)
    if not apps.ready:
        django.setup()
    if verb.needs is verbs.Needs.SESSIONS and not only_help:
        proof.session()


def _find_database(ctx: click.Context, verb: verbs.Verb, settings: env.Settings) -> None:
    # Django reads the address when it is set up, so that it is named before.
    if settings.database_url is None and not os.environ.get("NIGHTBELL_URL"):
        os.environ["NIGHTBELL_URL"] = database.remembered_url(settings) or settings.url
    if verb.needs in {verbs.Needs.DATABASE, verbs.Needs.SESSIONS}:
        os.environ["NIGHTBELL_DATABASE_URL"] = ctx.with_resource(database.database_url(settings))
    elif verb.needs is verbs.Needs.RUNNING_DATABASE:
        os.environ["NIGHTBELL_DATABASE_URL"] = database.running_database_url(settings)
