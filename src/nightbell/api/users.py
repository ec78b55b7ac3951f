"""The people of the API."""

from django.http import HttpResponse
from ninja import Router

from nightbell.api import answers, rendering
from nightbell.api.access import Request
from nightbell.data.reads import people

router = Router(tags=["Users"])


@router.get("/users", response={200: answers.Data[answers.Users]})
def list_users(request: Request) -> HttpResponse:
    """Everybody who can be named as an owner or a target, by name."""
    return rendering.answer({"users": [rendering.user(member) for member in people.active(request.principal)]})
