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


def prepare(ctx: click.Context, verb: verbs.Verb) -> None:
    """Have ready what the verb needs. A wrong environment is told whole, and ends the process with 2."""
    if verb.lasting:
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
    _find_database(ctx, verb, settings)
    if not apps.ready:
        django.setup()
    if verb.needs is verbs.Needs.SESSIONS:
        proof.session()


def _find_database(ctx: click.Context, verb: verbs.Verb, settings: env.Settings) -> None:
    # Django reads the address when it is set up, so that it is named before.
    if settings.database_url is None and "url" not in settings.model_fields_set:
        env.put(os.environ, "url", database.remembered_url(settings) or settings.url)
    if verb.needs in {verbs.Needs.DATABASE, verbs.Needs.SESSIONS}:
        env.put(os.environ, "database_url", ctx.with_resource(database.database_url(settings)))
    elif verb.needs is verbs.Needs.RUNNING_DATABASE:
        env.put(os.environ, "database_url", database.running_database_url(settings))
