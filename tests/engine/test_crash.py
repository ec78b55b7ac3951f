"""The crash harness: whatever dies, everything that was accepted is delivered, and what arrives twice is one message.

`CRASH_SECONDS=600 CRASH_SEED=7` makes it longer, and the same again: with all that takes a while, such as a database
that is read-only for a minute in all.
"""

import logging
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import Error, connection

from nightbell import postgres
from nightbell.demo import clock
from tests.engine.processes import Engine, ask, environment, eventually, read_only
from tests.workspace import Slack, environ
from tests.world import MAIL_FROM, World

pytestmark = [pytest.mark.xdist_group("engine"), pytest.mark.timeout(900)]

log = logging.getLogger(__name__)

SECONDS = float(os.environ.get("CRASH_SECONDS", "10"))
SEED = int(os.environ.get("CRASH_SEED") or random.randrange(1_000_000))
# Each opening pages two people.
RATE = 20.0
ENGINES = 2
# How long what is slow, dead or away stays so; shorter than any time limit, because it is ended.
MOMENT = max(0.3, SECONDS / 100)
# A tenth of the time, at even intervals.
READ_ONLY_TIMES = 4
READ_ONLY_SECONDS = SECONDS / 10 / READ_ONLY_TIMES
SLOW_DOMAIN = "slow.example"


class Chaos:
    """What goes wrong, and when."""

    def __init__(self, world: World, server: postgres.Server, engines: list[Engine], slack: Slack | None) -> None:
        self._chance = random.Random(SEED)
        self._world = world
        self._server = server
        self._engines = engines
        self._slack = slack
        self.happened: Counter[str] = Counter()

    def reigns(self, seconds: float, *, database: bool, mail: bool) -> None:
        """Something goes wrong every second or so, and nothing again before everything has."""
        faults: list[Callable[[], None]] = [self.engine_killed] * 3
        faults += [self.database_restarted] * 2 if database else []
        faults += [self.mail_refused, self.mail_stalls, self.mail_is_dropped, self.mail_is_away] if mail else []
        faults += [self.mail_trickles, self.mail_is_slow, self.mail_is_half_dead, self.mail_hangs] if mail else []
        faults += [self.slack_fails, self.slack_asks_to_wait, self.slack_stalls] if self._slack else []
        faults += [self.slack_is_dropped, self.slack_is_away] if self._slack else []
        dealt: list[Callable[[], None]] = []
        began = time.monotonic()
        read_only_at = [(each + 0.5) / READ_ONLY_TIMES * seconds for each in range(READ_ONLY_TIMES if database else 0)]
        while (now := time.monotonic() - began) < seconds:
            dealt = dealt or self._chance.sample(faults, len(faults))
            if read_only_at and now > read_only_at[0]:
                read_only_at.pop(0)
                fault = self.database_read_only
            else:
                fault = dealt.pop()
            fault()
            self.happened[fault.__name__] += 1
            time.sleep(self._chance.uniform(0.1, 0.8))
        self._mail_is_well()
        if self._slack:
            self._slack.behave()

    def engine_killed(self) -> None:
        engine = self._chance.choice(self._engines)
        engine.kill()
        engine.start()

    def database_restarted(self) -> None:
        self._server.restart_immediate()
        connection.close()

    def database_read_only(self) -> None:
        with read_only(self._server):
            time.sleep(READ_ONLY_SECONDS)

    def mail_refused(self) -> None:
        self._world.mail.answer(rcpt="451 later", times=self._chance.randint(1, 20))

    def mail_stalls(self) -> None:
        self._world.mail.stall(self._chance.choice(("mail", "rcpt", "go_ahead", "data", "thought")))
        self._mail_is_well(after=MOMENT)

    def mail_is_half_dead(self) -> None:
        self._world.mail.stall("connect")
        self._world.mail.hang_up()
        self._mail_is_well(after=MOMENT)

    def mail_trickles(self) -> None:
        self._world.mail.trickle(self._chance.choice((0.01, MOMENT / 10)))
        self._mail_is_well(after=MOMENT)

    def mail_is_slow(self) -> None:
        self._world.mail.pause(self._chance.choice((0.02, MOMENT / 5)))
        self._mail_is_well(after=MOMENT)

    def mail_hangs(self) -> None:
        self._world.mail.hang(SLOW_DOMAIN)
        self._mail_is_well(after=MOMENT)

    def _mail_is_well(self, after: float = 0.0) -> None:
        time.sleep(after)
        self._world.mail.behave()
        self._world.mail.hang_up()

    def mail_is_dropped(self) -> None:
        self._world.mail.drop_after_data(times=self._chance.randint(1, 20))

    def mail_is_away(self) -> None:
        with self._world.mail.refusing_connections():
            time.sleep(MOMENT)

    def slack_fails(self) -> None:
        self.slack.answer(status=self._chance.choice((500, 502, 200)), times=self._chance.randint(1, 20))

    def slack_asks_to_wait(self) -> None:
        self.slack.answer("chat.postMessage", "ratelimited", status=429, retry_after=1, times=1)

    def slack_stalls(self) -> None:
        self.slack.shut(goes_on=self._chance.choice((True, False)))
        time.sleep(MOMENT)
        self.slack.open()

    def slack_is_dropped(self) -> None:
        self.slack.drop_after("chat.postMessage", times=self._chance.randint(1, 20))

    def slack_is_away(self) -> None:
        with self.slack.refusing_connections():
            time.sleep(MOMENT)

    @property
    def slack(self) -> Slack:
        assert self._slack is not None
        return self._slack


def delivered(world: World) -> Counter[str]:
    """How often each message has arrived."""
    return Counter(mail.id for mail in world.mail.messages)


def shown(slack: Slack | None) -> Counter[str]:
    """How often each page has arrived in Slack, by the id it carries."""
    return (
        Counter(message.metadata["event_payload"]["page_id"] for message in slack.messages if message.metadata)
        if slack
        else Counter()
    )


def pages(channel: str, suffix: str = "") -> dict[str, str]:
    """The id (and more) and the state of every page of a committed incident's first layer."""
    found = ask("select id, state from page where position = 1 and channel = %s", channel)
    return {f"{page_id}{suffix}": state for page_id, state in found}


def unfinished() -> int:
    """How many incidents have a page still to come."""
    [(waiting,)] = ask("""
        select count(*) from incident i where not coalesce((
          select bool_and(p.state = 'sent') from page p where p.incident_id = i.id and p.position = 1), false)
    """)
    return int(waiting)


def everything_settles() -> bool:
    """Time passes quickly, for leases and for retries, until nothing is on its way."""
    try:
        if unfinished() == 0:
            return True
        clock.advance(timedelta(seconds=16))
    except Error:
        connection.close()
    time.sleep(0.2)
    return False


def crash(
    world: World,
    server: postgres.Server,
    tmp_path: Path,
    seconds: float,
    *,
    database: bool,
    mail: bool,
    slack: Slack | None = None,
) -> None:
    """Engines die while incidents are opened; in the end every accepted one's responder has been told everywhere."""
    ana, bo = world.members("Ana", "Bo")
    bo.email = f"bo@{SLOW_DOMAIN}"
    ask("update account set email = %s where id = %s", bo.email, bo.id)
    more = environ(slack) if slack else {}
    if slack:
        slack.joins(ana, bo)
    # A day: nobody else is to be paged while the clock is moved on.
    policy_id = world.policy([([ana, bo], 24 * 60)])
    command = [sys.executable, str(Path(__file__).with_name("writer.py"))]
    command += [str(world.organization.id), str(ana.id), str(policy_id), str(RATE), str(seconds)]
    with ExitStack() as running:
        engines = [
            running.enter_context(Engine(tmp_path / f"engine-{number}.log", server.url, world.mail.url, **more))
            for number in range(ENGINES)
        ]
        writer = running.enter_context(
            subprocess.Popen(command, env=environment(server.url, None, more), stdout=subprocess.PIPE, text=True)
        )
        for engine in engines:
            engine.wait_until_ready()
        chaos = Chaos(world, server, engines, slack)
        chaos.reigns(seconds, database=database, mail=mail)
        said, _ = writer.communicate(timeout=60)
        eventually(everything_settles, seconds=120)
    accepted = set(said.split())
    committed = {str(incident_id) for (incident_id,) in ask("select id from incident")}
    arrived, known = delivered(world), pages("email", f"@{MAIL_FROM.rpartition('@')[2].rstrip('>')}")
    direct, asked = shown(slack), pages("slack")
    log.warning(
        "seed %d, %s: %d accepted, %d committed, %d mails (%d more than once), %d in Slack (%d more than once)",
        *(SEED, dict(chaos.happened), len(accepted), len(committed), len(arrived), twice(arrived)),
        *(len(direct), twice(direct)),
    )
    assert len(accepted) > seconds
    assert accepted <= committed, "an incident that was accepted is gone"
    assert len(known) == 2 * len(committed), "not one page a person"
    assert set(known.values()) == {"sent"}
    assert set(arrived) == set(known), "what was accepted is not what was delivered"
    assert (set(direct), set(asked.values())) == (set(asked), {"sent"} if slack else set()), "nor in Slack"
    assert len(asked) == (2 * len(committed) if slack else 0)
    world.forgets_mail()


def twice(arrived: Counter[str]) -> int:
    """How many arrived more than once."""
    return sum(1 for times in arrived.values() if times > 1)


def test_p01_engines_killed_again_and_again_lose_nothing(world: World, server: postgres.Server, tmp_path: Path) -> None:
    crash(world, server, tmp_path, SECONDS / 2, database=False, mail=False)


def test_p05_nothing_committed_is_lost_whatever_fails(world: World, server: postgres.Server, tmp_path: Path) -> None:
    crash(world, server, tmp_path, SECONDS, database=True, mail=True)


def test_nothing_committed_is_lost_in_slack_either(
    world: World, server: postgres.Server, tmp_path: Path, slack: Slack
) -> None:
    crash(world, server, tmp_path, SECONDS, database=True, mail=True, slack=slack)
