"""Who must know what: routes as data, every mistake in them found at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.delivery.routes import Routes, types_of, within
from gateway.errors import Misconfigured
from gateway.partners import Partner, Partners
from schemas.envelope import Message, canonical_bytes
from schemas.events import EVENT_TYPES, ORDER_PLACED, SETTLEMENT_HELD, SETTLEMENT_RESUMED
from tests.unit.delivery.counterpart import INTERFACES
from tests.unit.delivery.desk import partner, route

URL = "http://127.0.0.1:8080/api"
KNOWN = (
    partner("insurer", URL),
    partner("mute", URL, interface="deaf"),
    partner("nowhere", ""),
    partner("off", URL, enabled=False),
    partner("stranger", URL, interface="unheard-of"),
    partner("crooked", "http://user:pw@host/"),
    partner("greedy", URL, settings={"parallel": "65"}),
)


def load(home: Path, text: str, *partners: Partner) -> Routes:
    (home / "routes.toml").write_text(text, encoding="utf-8")
    return Routes.load(home, Partners({p.id: p for p in partners or KNOWN}, {}), INTERFACES)


def findings(home: Path, text: str) -> str:
    with pytest.raises(Misconfigured) as raised:
        load(home, text)
    return "\n".join(raised.value.findings)


def said(type_: str = ORDER_PLACED, region: str = "520100", **data: str) -> Message:
    source, time = "urn:jicai:partner:hospital", "2026-11-02T08:00:00+08:00"
    return Message("id", source, type_, "S", time, canonical_bytes(data), region=region)


def test_no_file_means_no_routes(tmp_path: Path) -> None:
    assert len(Routes.load(tmp_path, Partners({}, {}), INTERFACES)) == 0


def test_a_route_is_read_and_matched(tmp_path: Path) -> None:
    routes = load(
        tmp_path,
        '[[route]]\ntypes = ["cn.jicai.settlement.*"]\nregions = ["520000"]\n'
        'to = "insurer"\nreason = "黔医保发〔2019〕69号 五（三）"\n',
    )
    [found] = routes.matching(said(SETTLEMENT_HELD))
    assert (found.partner, found.route) == ("insurer", 1)
    assert routes.matching(said(SETTLEMENT_HELD, "530100")) == []
    assert routes.matching(said(SETTLEMENT_HELD, "")) == []
    assert routes.matching(said(ORDER_PLACED)) == []


def test_a_partner_named_by_two_routes_gets_a_message_once() -> None:
    routes = Routes(
        (route("aa", "cn.jicai.order.*"), route("aa", ORDER_PLACED), route("bb", ORDER_PLACED))
    )
    assert [(m.partner, m.route) for m in routes.matching(said())] == [("aa", 1), ("bb", 3)]


@pytest.mark.parametrize(
    ("region", "area", "inside"),
    [
        ("520100", "520000", True),
        ("520000", "520000", True),
        ("530100", "520000", False),
        ("520103", "520100", True),
        ("520203", "520100", False),
        ("520000", "520100", False),
        ("520103", "520103", True),
        ("520104", "520103", False),
        ("", "520000", False),
    ],
)
def test_a_province_covers_its_cities_and_a_city_its_counties(
    region: str, area: str, inside: bool
) -> None:
    assert within(region, area) is inside


def test_a_route_for_one_institution_shows_it_nothing_of_another() -> None:
    routes = Routes((route("his", ORDER_PLACED, institutions=["H52010000001"]),))
    assert routes.matching(said(institution="H52010000001"))
    assert not routes.matching(said(institution="H52010000002"))
    assert not routes.matching(said())


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("*", tuple(EVENT_TYPES)),
        ("cn.jicai.settlement.*", (SETTLEMENT_HELD, SETTLEMENT_RESUMED)),
        (SETTLEMENT_HELD, (SETTLEMENT_HELD,)),
        ("*settlement.held.v1", (SETTLEMENT_HELD,)),
        ("cn.jicai.settlement", ()),
        ("cn?jicai", ()),
        ("cnxjicai.settlement.held.v1", ()),
    ],
)
def test_a_star_stands_for_any_run_of_characters_and_a_dot_for_a_dot(
    pattern: str, names: tuple[str, ...]
) -> None:
    assert types_of(pattern) == names


def test_every_mistake_is_found_at_once(tmp_path: Path) -> None:
    found = findings(
        tmp_path,
        "\n".join(
            f'[[route]]\ntypes = ["{types}"]\nto = "{to}"\nreason = "r"'
            for types, to in (
                ("cn.jicai.order.placed.v1", "nobody"),
                ("cn.jicai.weather.*", "insurer"),
                ("cn.jicai.stock.counted.v1", "insurer"),
                ("cn.jicai.order.placed.v1", "mute"),
                ("cn.jicai.order.placed.v1", "nowhere"),
                ("cn.jicai.order.placed.v1", "stranger"),
                ("cn.jicai.order.placed.v1", "crooked"),
                ("cn.jicai.order.placed.v1", "greedy"),
            )
        ),
    ).splitlines()
    assert len(found) == 8
    for number, words in enumerate(
        (
            "partner nobody is unknown",
            "cn.jicai.weather.* matches no message type",
            "does not hear cn.jicai.stock.counted.v1",
            "no outbound direction",
            "has no url",
            "unknown interface",
            "credentials",
            "parallel",
        ),
        start=1,
    ):
        assert f"route #{number}: " in found[number - 1]
        assert words in found[number - 1]


def test_a_disabled_partner_may_be_routed_to_its_queue_waits(tmp_path: Path) -> None:
    text = '[[route]]\ntypes = ["cn.jicai.order.*"]\nto = "off"\nreason = "r"\n'
    assert len(load(tmp_path, text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "[[route]\n",
        '[route]\nto = "insurer"\n',
        "route = 7\n",
        "[[routes]]\n",
        "[[route]]\n",
        '[[route]]\ntypes = []\nto = "insurer"\nreason = "r"\n',
        '[[route]]\ntypes = ["*"]\nto = "insurer"\nreason = "  "\n',
        '[[route]]\ntypes = ["*"]\nto = "../x"\nreason = "r"\n',
        '[[route]]\ntypes = ["*"]\nto = "insurer"\nreason = "r"\nregions = ["52"]\n',
        '[[route]]\ntypes = ["*"]\nto = "insurer"\nreason = "r"\nregions = ["５20000"]\n',
        '[[route]]\ntypes = ["*"]\nto = "insurer"\nreason = "r"\nregion = ["520000"]\n',
        '[[route]]\ntypes = "*"\nto = "insurer"\nreason = "r"\n',
        'route = ["x"]\n',
    ],
)
def test_a_malformed_file_does_not_start(tmp_path: Path, text: str) -> None:
    assert findings(tmp_path, text).startswith("routes.toml: ")


def test_a_file_that_is_not_utf8_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "routes.toml").write_bytes("# 路由".encode("gb18030"))
    with pytest.raises(Misconfigured):
        Routes.load(tmp_path, Partners({}, {}), INTERFACES)
