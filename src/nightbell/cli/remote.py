"""A running server as the command line sees it: the only place that makes its requests and reads its refusals."""

import secrets
from collections.abc import Callable, Mapping
from functools import cached_property, wraps
from typing import Any, TypeVar, cast
from urllib.parse import quote, urlsplit

import click
import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3 import Retry

from nightbell.cli import whereabouts, words

TIMEOUT_SECONDS = (5, 30)
# What says "not now"; a change carries an Idempotency-Key, so that trying it again pages nobody twice.
RETRIED = (429, 502, 503, 504)
RETRIES = 4


F = TypeVar("F", bound=Callable[..., Any])


def options(command: F) -> F:
    """`--url` and `--key`, behind every verb that talks to a server, which it is given as `server`."""

    @wraps(command)
    def with_server(*, url: str, key: str | None, **given: Any) -> Any:
        if not key:
            raise click.UsageError("NIGHTBELL_API_KEY is not set: nightbell key create NAME --org SLUG makes a key.")
        return command(server=Server(url, key), **given)

    url = click.option(
        "--url",
        default=lambda: whereabouts.variable("NIGHTBELL_URL") or whereabouts.server(),
        show_default="serve on this machine",
        help="NIGHTBELL_URL",
    )
    key = click.option(
        "--key",
        default=lambda: whereabouts.variable("NIGHTBELL_API_KEY"),
        help="NIGHTBELL_API_KEY; nightbell key create makes one.",
    )
    return cast(F, url(key(with_server)))


class _Bearer(AuthBase):
    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._key}"
        return request


class Server:
    """The server at `url`, for whoever holds `key`."""

    def __init__(self, url: str, key: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise click.UsageError(f"NIGHTBELL_URL: {url!r} is not an address like https://pager.example.com")
        if not key.isascii() or not key.isprintable():
            raise click.UsageError("NIGHTBELL_API_KEY: is not a key")
        self._url = url.rstrip("/")
        self._session = requests.Session()
        # As `auth`, or a password for that host in somebody's .netrc would take its place.
        self._session.auth = _Bearer(key)
        retry = Retry(
            RETRIES, status_forcelist=RETRIED, allowed_methods=None, backoff_factor=0.3, raise_on_status=False
        )
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=retry))

    def get(self, path: str, **query: Any) -> Any:
        """The data at `path`."""
        return self._ask("GET", path, params=query)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The data that a change answers with."""
        return self._ask("POST", path, json=body, headers={"Idempotency-Key": secrets.token_urlsafe(16)})

    def newest(self, limit: int, *, everything: bool) -> list[Any]:
        """The newest incidents, at most `limit`; without `everything` only open ones."""
        found: list[Any] = []
        cursor: str | None = None
        while len(found) < limit:
            query = {"limit": 100} | ({"cursor": cursor} if cursor else {})
            answer = self.get("/v1/incidents", **query)
            found += [each for each in answer["incidents"] if everything or each["status"] != "resolved"]
            cursor = answer["nextCursor"]
            if cursor is None:
                break
        return found[:limit]

    def person(self, named: str) -> str:
        """Somebody's id, by address or by id."""
        if "@" not in named:
            return named
        for each in self._people:
            if each["email"].casefold() == named.casefold():
                return str(each["id"])
        raise click.ClickException(f"Nobody here has the address {named}.")

    def policy(self, named: str) -> str:
        """An escalation policy's id, by name or by id."""
        return str(one_of(self.get("/v1/escalation/policies")["policies"], named, "policy")["id"])

    def schedule(self, named: str) -> str:
        """A schedule's id, by name or by id."""
        return str(one_of(self.get("/v1/oncall/schedules")["schedules"], named, "schedule")["id"])

    def people(self) -> dict[str, str]:
        """Everybody's name, by id."""
        return {each["id"]: f"{each['firstName']} {each['lastName']}".strip() for each in self._people}

    @cached_property
    def _people(self) -> list[Any]:
        return list(self.get("/v1/users")["users"])

    def _ask(self, method: str, path: str, **given: Any) -> Any:
        try:
            response = self._session.request(method, self._url + path, timeout=TIMEOUT_SECONDS, **given)
            answer = response.json()
        except requests.JSONDecodeError as error:
            raise click.ClickException(f"{self._url} is not a Nightbell: {error}") from error
        except requests.RequestException as error:
            raise click.ClickException(f"{self._url} does not answer: {error}") from error
        if response.ok:
            return answer["data"]
        raise click.ClickException(_refusal(answer, response.status_code))


def one_of(found: list[Any], named: str, what: str) -> Any:
    """The one of these with that name, in whatever case, or that id."""
    for each in found:
        if named.casefold() in (each["name"].casefold(), each["id"]):
            return each
    raise click.ClickException(f"There is no {what} {named}.")


def segment(text: str) -> str:
    """Text as one segment of a path."""
    return quote(text, safe="")


def _refusal(answer: Any, status: int) -> str:
    if not isinstance(answer, dict) or "message" not in answer:
        return f"the server answered {status}"
    lines = [f"{words.plain(str(answer['message']))} ({answer.get('code')})"]
    lines += [f"  {each.get('field')}: {words.plain(str(each.get('message')))}" for each in answer.get("errors") or ()]
    if status >= 500:
        lines.append(f"  request {answer.get('requestId')}")
    return "\n".join(lines)
