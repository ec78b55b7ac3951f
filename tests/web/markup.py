"""A page as a browser without scripts sees it: its forms, its links, its text."""

import secrets
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Any, cast

from django.http import HttpResponse
from django.test import Client

BLOCKS = {"p", "div", "h1", "h2", "li", "blockquote", "option", "td"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


@dataclass
class Form:
    """A form, with what it would send if nothing was typed."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: int = 0


class Page(HTMLParser):
    """What is on a page."""

    def __init__(self, response: Any, at: str) -> None:
        super().__init__()
        self.at = at
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self._form = Form("", "")
        self._select: str | None = None
        self._area: str | None = None
        self._open: list[str] = []
        self.feed(response.content.decode())
        assert self._open == [], f"left open: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append((tag, given))
        self.text += " " * (tag in BLOCKS)
        if tag not in VOID and tag != "path":
            self._open.append(tag)
        match tag:
            case "form":
                self._form = Form(given.get("action") or self.at, given.get("method", "get"))
                # What closes a dialog goes nowhere.
                self.forms += [self._form] if self._form.method != "dialog" else []
            case "a":
                self.links.append(given["href"])
            case "input" if "name" in given:
                if given.get("type") not in {"radio", "checkbox"} or "checked" in given:
                    self._form.fields[given["name"]] = given.get("value", "")
            case "textarea":
                self._area = given["name"]
                self._form.fields[self._area] = ""
            case "select":
                self._select = given["name"]
            case "option" if self._select and ("selected" in given or self._select not in self._form.fields):
                self._form.fields[self._select] = given["value"]
            case "button" if "form" in self._open and given.get("type") != "button":
                self._form.buttons += 1

    def handle_endtag(self, tag: str) -> None:
        if tag == "path" or tag in VOID:
            return
        assert self._open.pop() == tag
        if tag == "select":
            self._select = None
        if tag == "textarea":
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._form.fields[self._area] += data
        else:
            self.text += data

    @property
    def words(self) -> str:
        """Everything it says, with single spaces."""
        return " ".join(self.text.split())

    def form(self, ending: str) -> Form:
        """The form that leads to such an address."""
        (found,) = [each for each in self.forms if each.action.endswith(ending)]
        return found


def get(client: Client, path: str, status: int = 200) -> Page:
    """Fetch a page."""
    response = client.get(path)
    assert response.status_code == status, response.content
    return Page(response, path)


def other_tab(form: Form) -> Form:
    """The same form as another tab has it that was opened at the same time: with a mark of its own."""
    return replace(form, fields=form.fields | {"once": secrets.token_urlsafe(16)})


def submit(client: Client, form: Form, **typed: str) -> HttpResponse:
    """Press a form's button, having typed this."""
    assert form.method == "post"
    assert form.buttons == 1
    return cast(HttpResponse, client.post(form.action, {**form.fields, **typed}))
