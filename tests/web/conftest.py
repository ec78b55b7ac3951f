"""People at their browsers, which keep cookies, refuse forged forms and run no script."""

from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.test import Client

from nightbell.data.models import Account
from tests.world import Person, World

SignIn = Callable[[Person], Client]


@pytest.fixture
def told(world: World) -> Iterator[World]:
    """The world, in stories that are not about mail."""
    yield world
    world.forgets_mail()


@pytest.fixture
def sign_in(world: World) -> SignIn:
    """A browser in which somebody is signed in."""

    def signed_in(person: Person) -> Client:
        client = Client(enforce_csrf_checks=True)
        client.force_login(Account.objects.get(id=person.id), backend=settings.AUTHENTICATION_BACKENDS[0])
        return client

    return signed_in
