"""A real Chromium on a real server: skipped without one, but never where CI is set."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from pytest_django.live_server_helper import LiveServer

from nightbell.data.models import Account
from tests.world import Person, World

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

SignIn = Callable[..., BrowserContext]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for the session; every test has a profile of its own in it."""
    found = os.environ.get("NIGHTBELL_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found or not Path(found).exists():
        reason = "no chromium on the PATH (apt install chromium)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    # Playwright runs an event loop in this thread, which Django takes for asynchronous code.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=found, args=QUIET)
            yield browser
            browser.close()


@pytest.fixture
def told(world: World) -> Iterator[World]:
    """The world, in stories that are not about mail."""
    yield world
    world.forgets_mail()


@pytest.fixture
def sign_in(chromium: Browser, told: World, live_server: LiveServer) -> Iterator[SignIn]:
    """A browser in which somebody is signed in, on the live server."""
    contexts: list[BrowserContext] = []

    def signed_in(person: Person, **options: Any) -> BrowserContext:
        client = Client()
        client.force_login(Account.objects.get(id=person.id), backend=settings.AUTHENTICATION_BACKENDS[0])
        context = chromium.new_context(base_url=live_server.url, **options)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
        context.set_default_timeout(10_000)
        contexts.append(context)
        return context

    yield signed_in
    for context in contexts:
        context.close()
