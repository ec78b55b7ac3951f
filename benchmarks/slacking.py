"""From an incident opened to its direct message in a stand-in for Slack, and from an acknowledgement to its edit.

The stand-in runs in this process and asks nobody to wait: what is measured is Nightbell, not Slack's own limits.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cryptography.fernet import Fernet

from benchmarks import usage
from benchmarks.installation import Installation, wait_for
from benchmarks.results import Row
from nightbell.demo.slack.fake import FakeSlack

PAGES = 600
ACKNOWLEDGED = 15
CONNECT = """
with connected as (
  insert into workspace (organization_id, channel, team_id, team_name, bot_user_id, token)
  values (%(organization)s, 'slack', %(team)s, 'Bench', %(bot)s, %(token)s)
)
insert into contact (id, user_id, organization_id, channel)
select gen_random_uuid(), m.user_id, m.organization_id, 'slack' from membership m
where m.organization_id = %(organization)s
"""


def measure(here: Installation) -> list[Row]:
    """As many pages as go, then acknowledgements a second apart. Mail goes to the sink meanwhile, as it always does."""
    key = Fernet.generate_key()
    with FakeSlack() as slack, _connected(here, slack, Fernet(key)):
        slack.person("Ana", "ana@bench.example")
        given = {
            "NIGHTBELL_SLACK_CLIENT_ID": slack.client_id,
            "NIGHTBELL_SLACK_CLIENT_SECRET": slack.client_secret,
            "NIGHTBELL_SLACK_API_URL": slack.api_url,
            "NIGHTBELL_ENCRYPTION_KEYS": key.decode(),
        }
        with here.web(), here.engine(**given) as engine:
            here.load(here.openings(20), rate=20)
            wait_for(lambda: len(slack.messages) == 20)
            return [_rate(here, slack, engine.pid), _edits(here, slack)]


def _rate(here: Installation, slack: FakeSlack, engine: int) -> Row:
    slack.clear()
    before = usage.cpu(engine)
    opened = here.load(here.openings(PAGES), connections=4)
    wait_for(lambda: len(slack.messages) == len(opened))
    spent = (usage.cpu(engine) - before) / len(opened) * 1000
    seconds = max(call.at for call in slack.calls_of("chat.postMessage")) - min(each.began for each in opened)
    measured = f"{len(opened) / seconds:.0f}/s ({len(opened)} in {seconds:.1f} s; engine {spent:.1f} s CPU per 1,000)"
    return Row("opened → direct message in a stand-in for Slack, beside the mail", "", measured)


def _edits(here: Installation, slack: FakeSlack) -> Row:
    # The copies of the pages before are compared once, two seconds after they were sent.
    time.sleep(4)
    opened = here.load(here.openings(ACKNOWLEDGED), rate=10)
    time.sleep(4)
    slack.clear()
    paths: list[tuple[str, Any]] = [(f"/v1/incidents/{each.number}/acknowledge", {}) for each in opened]
    done = here.load(paths, rate=1)
    wait_for(lambda: len(_edited(slack)) == len(done))
    waits = sorted((at - each.ended) * 1000 for each, at in zip(done, _edited(slack), strict=True))
    p50, longest = usage.share(waits, 50), waits[-1]
    return Row("acknowledged → message edited", "≤ 5 s", f"p50 {p50:.0f} ms, longest {longest:.0f} ms")


def _edited(slack: FakeSlack) -> list[float]:
    return [call.at for call in slack.calls_of("chat.update")]


@contextmanager
def _connected(here: Installation, slack: FakeSlack, keeper: Fernet) -> Iterator[None]:
    token = keeper.encrypt(slack.install().encode()).decode()
    given: dict[str, Any] = {
        "organization": here.organization,
        "team": slack.team_id,
        "bot": slack.bot_user_id,
        "token": token,
    }
    here.ask(CONNECT, given)
    try:
        yield
    finally:
        here.ask("update workspace set token = null")
