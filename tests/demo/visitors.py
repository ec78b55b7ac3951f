"""Somebody who clicks through the demo: all that a browser without scripts does, over HTTP."""

import re
import time
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser
from typing import TypeVar
from urllib.parse import urljoin

import requests

T = TypeVar("T")


class _Forms(HTMLParser):
    """The forms of a page: where each goes, and what it sends if nothing is typed."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((given.get("action", ""), {}))
        elif tag == "input" and self.forms and given.get("name") and given.get("type") not in {"radio", "checkbox"}:
            self.forms[-1][1][given["name"]] = given.get("value", "")


class Visitor:
    """One browser."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._session = requests.Session()

    def opens(self, address: str) -> str:
        """A page, by its address."""
        answer = self._session.get(urljoin(self._base, address), timeout=20)
        assert answer.status_code == 200, f"{address}: {answer.status_code}"
        return answer.text

    def submits(self, on: str, to: str, **typed: str) -> str:
        """The form on a page whose address ends so (nothing: the page's own); the page it leads to."""
        parser = _Forms()
        parser.feed(self.opens(on))
        action, hidden = next(form for form in parser.forms if (form[0].endswith(to) if to else not form[0]))
        page = urljoin(self._base, on)
        answer = self._session.post(urljoin(page, action), {**hidden, **typed}, headers={"Referer": page}, timeout=20)
        assert answer.status_code == 200, f"{action}: {answer.status_code} {answer.text[:500]}"
        return answer.text

    def id_of(self, on: str, words: str) -> str:
        """The value of the choice on a page whose text has these words."""
        found = re.search(rf'<option value="([^"]+)"[^>]*>[^<]*{re.escape(words)}', self.opens(on))
        assert found is not None, f"no choice {words} on {on}"
        return found[1]

    def presses(self, action: str, words: str) -> None:
        """A button of the message to oneself in Slack that has these words; waits for it."""
        wanted = re.compile(rf'name="press" value="([^"]* {action})"')

        def look() -> str | None:
            articles = re.findall(r"<article.*?</article>", self.opens("/demo/slack/?part=said"), re.DOTALL)
            found = (wanted.search(article) for article in articles if words in article)
            return next((each[1] for each in found if each is not None), None)

        value = eventually(look, f"a message in Slack with {words!r} and {action}")
        self.submits("/demo/slack/", "/demo/slack/press", press=value)

    def mail(self, recipient: str, words: str) -> str:
        """The newest mail to somebody that has these words, as text; waits for it."""

        def look() -> str | None:
            shown = self.opens(f"/demo/inbox/?part&to={recipient}")
            mails = re.findall(r"<article.*?</article>", shown, re.DOTALL)
            return next((unescape(re.sub(r"<[^>]+>", "", mail)) for mail in mails if words in mail), None)

        return eventually(look, f"mail to {recipient} with {words!r}")


def eventually(look: Callable[[], T | None], what: str, seconds: float = 20.0) -> T:
    """What there is to see, once it is there."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.1)
