"""The people of the API."""

from django.http import HttpResponse
from ninja import Query, Router

from nightbell.api import answers, rendering
from nightbell.api.access import Request
from nightbell.api.bodies import Everybody
from nightbell.data.reads import people

router = Router(tags=["Users"])


@router.get("/users", response={200: answers.Data[answers.Users]})
def list_users(request: Request, who: Query[Everybody]) -> HttpResponse:
    """Everybody who can be named as an owner or a target, by name; on request whoever was a member once as well."""
    found = people.ever(request.principal) if who.include_removed else people.active(request.principal)
    return rendering.answer({"users": [rendering.user(member) for member in found]})
