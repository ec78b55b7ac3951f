"""The page to sign in: the only one that carries what was typed elsewhere, in its own form and not in our database."""

from typing import Any

from allauth.account.views import LoginView
from django.http import HttpRequest, HttpResponse

from nightbell.core import drafts


class SignIn(LoginView):  # type: ignore[misc]
    """Somebody signed out who sends another form is led here with all of it; it is kept once they have signed in."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """What has no address to sign in with is another page's form."""
        answer: HttpResponse = (super().post if self._is_ours() else self.get)(request, *args, **kwargs)
        return answer

    def get_form_kwargs(self) -> dict[str, Any]:
        """Nothing is wrong with a form that nobody has filled in."""
        given: dict[str, Any] = super().get_form_kwargs()
        return given if self._is_ours() else given | {"data": None, "files": None}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The page, with what it carries."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {"carried": drafts.typed(self.request.POST)}

    def form_valid(self, form: Any) -> HttpResponse:
        """They are signed in: what was carried is theirs."""
        answer: HttpResponse = super().form_valid(form)
        carried = drafts.typed(self.request.POST)
        if carried and self.request.user.is_authenticated:
            drafts.keep(self.request.session, self.get_success_url(), carried)
        return answer

    def _is_ours(self) -> bool:
        return "login" in self.request.POST
