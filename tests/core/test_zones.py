"""The pinned rules of time zones: all of them, no others, and never the system's."""

import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path

import pytest

from nightbell.core import zones


@pytest.fixture
def a_lying_system(tmp_path: Path) -> Iterator[None]:
    """A machine whose own copy says that Berlin is in Tokyo."""
    (tmp_path / "Europe").mkdir()
    source = metadata.distribution("tzdata").locate_file("tzdata/zoneinfo/Asia/Tokyo")
    (tmp_path / "Europe" / "Berlin").write_bytes(Path(str(source)).read_bytes())
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath([str(tmp_path)])
    zoneinfo.ZoneInfo.clear_cache()
    zones._read.cache_clear()
    yield
    zoneinfo.reset_tzpath(before)
    zoneinfo.ZoneInfo.clear_cache()


def test_the_package_is_read_and_not_the_system(a_lying_system: None) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert at.astimezone(zoneinfo.ZoneInfo("Europe/Berlin")).utcoffset() == timedelta(hours=9)
    assert at.astimezone(zones.zone("Europe/Berlin")).utcoffset() == timedelta(hours=1)


def test_every_name_has_rules_and_keeps_its_name() -> None:
    assert len(zones.names()) > 590
    assert {"UTC", "Europe/Berlin", "Asia/Kolkata", "US/Eastern"} <= zones.names()
    for name in zones.names():
        assert zones.zone(name).key == name


def test_a_zone_is_read_once() -> None:
    assert zones.zone("Europe/Berlin") is zones.zone("Europe/Berlin")


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "../../../../etc/passwd",
        "/etc/localtime",
        "Europe/../Europe/Berlin",
        "Europe",
        "Europe/",
        "europe/berlin",
        "Europe/Berlin\n",
        "Europe/Berlin\0",
        "",
        "Factory",
        "zone.tab",
        "tzdata.zi",
        "__init__.py",
        "\N{SNOWMAN}",
        "x" * 100_000,
    ],
    ids=lambda name: name[:30] or "nothing",
)
def test_an_unknown_or_hostile_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not an IANA time zone") as refused:
        zones.zone(name)
    assert len(str(refused.value)) < 200


def test_the_source_names_the_version_in_use() -> None:
    year, number = metadata.version("tzdata").split(".")[:2]
    letter = chr(ord("a") - 1 + int(number))
    assert zones.source() == f"tzdata {year}{letter}"
