"""The environment: what is taken, in which form, and what ends the start."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from django.test import Client
from pytest_django import Settings

from nightbell.cli import web
from nightbell.cli.__main__ import cli
from nightbell.cli.client import incident
from nightbell.conf import env

# What a service makes in every container near it.
INJECTED = {
    "NIGHTBELL_SERVICE_HOST": "10.96.0.17",
    "NIGHTBELL_SERVICE_PORT": "8000",
    "NIGHTBELL_SERVICE_PORT_HTTP": "8000",
    "NIGHTBELL_SERVICE_PORT_HTTP_ALT": "8001",
    "NIGHTBELL_PORT": "tcp://10.96.0.17:8000",
    "NIGHTBELL_PORT_8000_TCP": "tcp://10.96.0.17:8000",
    "NIGHTBELL_PORT_8000_TCP_PROTO": "tcp",
    "NIGHTBELL_PORT_8000_TCP_PORT": "8000",
    "NIGHTBELL_PORT_8000_TCP_ADDR": "10.96.0.17",
    "NIGHTBELL_PORT_53_UDP": "udp://10.96.0.17:53",
    "NIGHTBELL_WEB_SERVICE_HOST": "10.96.0.18",
    "NIGHTBELL_WEB_PORT": "tcp://10.96.0.18:8000",
    "NIGHTBELL_WEB_PORT_8000_TCP_ADDR": "10.96.0.18",
}


def mistakes(environ: dict[str, str]) -> list[str]:
    with pytest.raises(env.Mistakes) as told:
        env.read(environ)
    return told.value.lines


def test_p34_what_kubernetes_injects_is_ignored() -> None:
    assert env.read(INJECTED) == env.Settings()
    listed = CliRunner(env={**INJECTED, "NIGHTBELL_DATABASE_URL": "postgresql://127.0.0.1:1/x"}).invoke(cli, ["check"])
    assert "every variable is right" in listed.stdout


def test_p34_what_looks_like_it_and_is_a_persons_mistake_is_told() -> None:
    assert mistakes({"NIGHTBELL_PORT": "9000"}) == ["NIGHTBELL_PORT is not a variable of Nightbell"]
    assert mistakes({"NIGHTBELL_PROT": "tcp://10.96.0.17:8000"}) == ["NIGHTBELL_PROT is not a variable of Nightbell"]


@pytest.mark.parametrize(
    ("given", "url", "host"),
    [
        ("HTTPS://Pager.Example.COM/", "https://pager.example.com", "pager.example.com"),
        ("https://pager.example.com.:443", "https://pager.example.com", "pager.example.com"),
        ("http://PAGER:80//", "http://pager", "pager"),
        ("https://pager.example.com:8443", "https://pager.example.com:8443", "pager.example.com"),
        ("http://[2001:DB8:0:0::1]:8000/", "http://[2001:db8::1]:8000", "[2001:db8::1]"),
        ("https://[::1]", "https://[::1]", "[::1]"),
        ("https://Bücher.example", "https://xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("https://straße.example", "https://xn--strae-oqa.example", "xn--strae-oqa.example"),
        ("https://東京.example", "https://xn--1lqs71d.example", "xn--1lqs71d.example"),
    ],
)
def test_x16_a_public_address_counts_as_a_browser_sends_it(given: str, url: str, host: str) -> None:
    settings = env.read({"NIGHTBELL_URL": given})
    assert (settings.url, settings.hosts[0]) == (url, host)
    assert settings.https is url.startswith("https:")


@pytest.mark.parametrize(
    "given",
    [
        "pager.example.com",
        "ftp://pager.example.com",
        "https://",
        "https://pager.example.com/nightbell",
        "https://pager.example.com?a=b",
        "https://ana@pager.example.com",
        "https://pager.example.com:99999",
        "https://pager example.com",
        "https://my_pager.example.com",
        "https://[fe80::1%eth0]",
        "https://[::g]",
        "https://-ü-.example",
        "https://a..example.com",
    ],
)
def test_x16_an_address_that_cannot_be_honoured_everywhere_ends_the_start(given: str) -> None:
    (line,) = mistakes({"NIGHTBELL_URL": given})
    assert line.startswith("NIGHTBELL_URL: ")


def test_x16_more_host_names_count_in_the_same_form() -> None:
    given = "Pager.Local, 2001:DB8::2, [::1], .Bücher.example, *"
    hosts = env.read({"NIGHTBELL_ALLOWED_HOSTS": given}).hosts
    assert hosts[-5:] == ["pager.local", "[2001:db8::2]", "[::1]", ".xn--bcher-kva.example", "*"]
    assert mistakes({"NIGHTBELL_ALLOWED_HOSTS": "https://a.example"})[0].startswith("NIGHTBELL_ALLOWED_HOSTS: ")
    assert mistakes({"NIGHTBELL_ALLOWED_HOSTS": "a.example:8000"})[0].startswith("NIGHTBELL_ALLOWED_HOSTS: ")


def test_x16_every_variable_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k" * 40 + "\n")
    (tmp_path / "senders").write_text("7\r\n")
    environ = {"NIGHTBELL_SECRET_KEY_FILE": f"{tmp_path}/key", "NIGHTBELL_SENDERS_FILE": f"{tmp_path}/senders"}
    settings = env.read({**environ, "NIGHTBELL_API_KEY_FILE": "/nowhere"})
    assert (settings.secret_key, settings.senders) == ("k" * 40, 7)
    assert mistakes({**environ, "NIGHTBELL_SENDERS": "8", "NIGHTBELL_URL_FILE": str(tmp_path)}) == [
        f"NIGHTBELL_URL_FILE: '{tmp_path}' cannot be read: Is a directory",
        "NIGHTBELL_SENDERS and NIGHTBELL_SENDERS_FILE are both set: one of them must go",
    ]
    for name in env.names():
        assert mistakes({f"{env.variable(name)}_FILE": "/nowhere"})[0].startswith(f"{env.variable(name)}_FILE: ")


def test_x16_a_value_that_is_put_replaces_its_file() -> None:
    environ = {"NIGHTBELL_URL_FILE": "/nowhere"}
    env.put(environ, "url", "http://pager")
    assert env.read(environ).url == "http://pager"


def test_x16_the_clients_key_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("nb_live_x\n")
    environ = {
        "NIGHTBELL_API_KEY": None,
        "NIGHTBELL_API_KEY_FILE": f"{tmp_path}/key",
        "NIGHTBELL_URL": "http://[::1]:1",
    }
    assert "http://[::1]:1 does not answer" in CliRunner(env=environ).invoke(incident, ["list"]).output
    wrong = CliRunner(env={**environ, "NIGHTBELL_API_KEY_FILE": "/nowhere"}).invoke(incident, ["list"])
    assert (wrong.exit_code, "NIGHTBELL_API_KEY_FILE" in wrong.output) == (2, True)


@pytest.mark.parametrize(
    ("host", "url", "says"),
    [("0.0.0.0", None, True), ("::", None, True), ("127.0.0.1", None, False), ("0.0.0.0", "https://a.example", False)],
)
def test_x16_open_to_all_without_an_address_says_where_links_lead(
    host: str, url: str | None, says: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = env.read({"NIGHTBELL_URL": url} if url else {})
    web.say_where_links_lead(settings, host, "http://127.0.0.1:8123")
    assert ("NIGHTBELL_URL is not set: links in mails lead to http://127.0.0.1:8123" in capsys.readouterr().err) is says


def test_x16_the_page_that_refuses_a_host_names_the_variable(client: Client, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["pager.example.com"]
    page = client.get("/", headers={"host": "other.example"})
    assert page.status_code == 400
    assert "NIGHTBELL_URL" in page.content.decode()
    answer = client.get("/v1/incidents", headers={"host": "other.example"})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    assert "NIGHTBELL_URL" in answer.json()["message"]
