"""A tiny app on the loopback that the fake Slack delivers to: it checks signatures, and does what a test tells it."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier

SECRET = "only-we-know"


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


ACK = {"type": "button", "action_id": "ack", "text": plain("Acknowledge"), "value": "incident-7", "style": "primary"}
BLOCKS: list[dict[str, Any]] = [
    {
        "type": "section",
        "text": plain("Disk"),
        "accessory": {"type": "button", "action_id": "see", "text": plain("See")},
    },
    {"type": "actions", "block_id": "do", "elements": [ACK]},
]
BO = {"text": plain("Bo Lind"), "value": "bo-id"}
CY = {"text": plain("Cy Osei"), "value": "cy-id"}
MODAL: dict[str, Any] = {
    "type": "modal",
    "callback_id": "hand-off",
    "private_metadata": "incident-7",
    "title": plain("Hand off"),
    "submit": plain("Hand off"),
    "blocks": [
        {
            "type": "input",
            "block_id": "whom",
            "label": plain("To"),
            "element": {
                "type": "static_select",
                "action_id": "target",
                "option_groups": [
                    {"label": plain("On call"), "options": [BO]},
                    {"label": plain("Everybody else"), "options": [CY]},
                ],
            },
        },
        {
            "type": "input",
            "block_id": "why",
            "label": plain("Note"),
            "optional": True,
            "element": {"type": "plain_text_input", "action_id": "note", "min_length": 2, "max_length": 20},
        },
    ],
}

Answers = Callable[[dict[str, Any]], tuple[int, bytes]]


@dataclass
class App:
    """What came, and how it is answered."""

    secret: str
    url: str = ""
    came: list[dict[str, Any]] = field(default_factory=list)
    forged: int = 0
    answers: Answers = lambda _payload: (200, b"")


@contextmanager
def running(secret: str) -> Iterator[App]:
    """Serve until the test is over."""
    app = App(secret)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if not SignatureVerifier(secret).is_valid_request(body, dict(self.headers.items())):
                app.forged += 1
                self.send_error(401)
                return
            form = {name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}
            payload = json.loads(form["payload"]) if "payload" in form else form
            app.came.append(payload | {"path": self.path})
            status, answer = app.answers(payload)
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    app.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield app
    server.shutdown()
    thread.join(5)
    server.server_close()


def opens_a_modal(app: App, bot: WebClient, modal: dict[str, Any] = MODAL) -> None:
    """Answer the next click with a modal, and what comes then with nothing."""

    def answers(payload: dict[str, Any]) -> tuple[int, bytes]:
        if payload.get("type") == "block_actions":
            bot.views_open(trigger_id=payload["trigger_id"], view=modal)
        return 200, b""

    app.answers = answers


def answers_with(app: App, said: dict[str, Any]) -> None:
    app.answers = lambda _payload: (200, json.dumps(said).encode())


def refused(call: Any, **arguments: Any) -> str:
    """The error a call is answered with."""
    with pytest.raises(SlackApiError) as raised:
        call(**arguments)
    return str(raised.value.response["error"])
