"""Programs that call the API in tests: over HTTP as far as Django's own client goes, against the real database."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from nightbell.actions import keys
from nightbell.data.access.principal import Principal
from nightbell.data.models import Audit, Incident, Organization
from tests.api import contract


class Answer:
    """What came back."""

    def __init__(self, response: Any) -> None:
        self.status: int = response.status_code
        self.headers: dict[str, str] = dict(response.headers)
        self.text: str = response.content.decode()
        asked, kind = response.request, response.headers.get("Content-Type", "")
        contract.hold(asked["REQUEST_METHOD"], asked["PATH_INFO"], self.status, kind, response.content)

    @property
    def json(self) -> Any:
        """The whole answer."""
        return json.loads(self.text)

    @property
    def data(self) -> Any:
        """What is in the envelope of a success."""
        assert self.status in {200, 201}, self.text
        return self.json["data"]

    @property
    def code(self) -> str:
        """What the envelope of an error says; the envelope itself is checked on the way."""
        body = self.json
        assert body["statusCode"] == self.status
        assert body["requestId"] == self.headers["X-Request-Id"]
        assert set(body) == {"statusCode", "type", "code", "message", "requestId"} | (
            {"errors"} if self.status == 422 else set()
        )
        return str(body["code"])

    @property
    def fields(self) -> list[str]:
        """The fields a 422 names."""
        return [each["field"] for each in self.json["errors"]]


class Caller:
    """A program; by default it holds a new key of the organization."""

    def __init__(self, organization: Organization, key: str | None = None) -> None:
        self.organization = organization
        self.key = keys.create(Principal.operator(organization.id), "ci")[1] if key is None else key

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """One request; a body of bytes goes as it is."""
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {self.key}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        client = Client(raise_request_exception=False)
        return Answer(client.generic(method, f"/v1{path}", raw, content_type="application/json", headers=sent))

    def get(self, path: str, **headers: str) -> Answer:
        """Read."""
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        """Do."""
        return self.call("POST", path, body, **headers)

    def opens(self, owner_id: UUID, policy_id: UUID | None = None, **more: Any) -> Any:
        """A new incident."""
        given = {"title": "DB pool exhausted", "severity": "critical", "ownerId": str(owner_id)} | more
        if policy_id is not None:
            given["escalationPolicyId"] = str(policy_id)
        answer = self.post("/incidents", given)
        assert answer.status == 201, answer.text
        return answer.data

    def shown(self, number: int) -> Any:
        """The incident with its record."""
        return self.get(f"/incidents/{number}").data

    def kinds(self, number: int) -> list[str]:
        """What the incident's record has."""
        return [entry["kind"] for entry in self.shown(number)["auditTrail"]]


def together(*acts: Callable[[], Answer]) -> list[Answer]:
    """What each answers, all started at one moment, each on a connection of its own."""
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], Answer]) -> Answer:
        try:
            start.wait()
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [done.result() for done in [pool.submit(run, act) for act in acts]]


def queries() -> AbstractContextManager[CaptureQueriesContext]:
    """The statements of this thread while it is open."""
    return CaptureQueriesContext(connection)


def written(organization: Organization) -> tuple[int, int]:
    """How many incidents and how many rows of their record an organization has."""
    return (
        Incident.objects.filter(organization=organization).count(),
        Audit.objects.filter(organization=organization).exclude(incident=None).count(),
    )
