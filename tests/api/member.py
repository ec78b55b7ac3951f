"""Members who call the API from the dashboard in tests: with a session, as the pages' own scripts do."""

import json
from typing import Any

from django.test import Client

from nightbell.data.models import Account
from tests.api.caller import Answer, Caller
from tests.world import Person


class Member(Caller):
    """Somebody who is signed in."""

    def __init__(self, person: Person) -> None:
        super().__init__(person.world.organization, key="")
        self._client = Client(raise_request_exception=False)
        self._client.force_login(Account.objects.get(id=person.id))

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """One request, with the session instead of a key."""
        raw = b"" if body is None else json.dumps(body).encode()
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return Answer(self._client.generic(method, f"/v1{path}", raw, content_type="application/json", headers=sent))
