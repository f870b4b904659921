"""UDI of the three issuing bodies: device identifier first, production identifiers after it."""

from __future__ import annotations

import pytest

from gateway.coding.systems import CodeRefusal, ParsedCode, parse

BOX = "(01)06924561884074"
MA = "MA.156.M0.100761.21234561"


@pytest.mark.parametrize(
    ("code", "parts"),
    [
        (BOX, {"gtin": "06924561884074"}),
        (
            f"{BOX}(17)271231(10)A213B1(21)1234",
            {"gtin": "06924561884074", "expiry": "271231", "lot": "A213B1", "serial": "1234"},
        ),
        ("0106924561884074\x1d10A", {"gtin": "06924561884074", "lot": "A"}),
        (
            "MA.156.M0.100204.13351764",
            {
                "issuer": "MA",
                "country": "156",
                "industry": "M0",
                "registrant": "100204",
                "product": "13351764",
            },
        ),
        (
            f"{MA}.Sx00008.M220117.L20220117.D20220118.E220130.V220117.C3",
            {
                "issuer": "MA",
                "country": "156",
                "industry": "M0",
                "registrant": "100761",
                "product": "21234561",
                "serial": "x00008",
                "production_date": "220117",
                "lot": "20220117",
                "sterilisation_lot": "20220118",
                "expiry": "220130",
                "valid_until": "220117",
                "check": "3",
            },
        ),
        ("AHM0812345678", {"issuer": "AHM", "identifier": "0812345678"}),
    ],
)
def test_a_device_is_read_into_its_identifiers(code: str, parts: dict[str, str]) -> None:
    read = parse("udi", code)
    assert isinstance(read, ParsedCode)
    assert read.by_name() == parts


def test_a_device_identifier_alone_is_good_and_noted() -> None:
    for code in (BOX, MA, f"{MA}.C3"):
        read = parse("udi", code)
        assert isinstance(read, ParsedCode)
        assert "只有产品标识 DI" in read.notes[-1]
    whole = parse("udi", f"{MA}.L1.C3")
    assert isinstance(whole, ParsedCode)
    assert whole.notes == ()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("(17)271231(10)230129A", "udi.no_di"),
        ("1727123110230129A", "udi.no_di"),
        ("S1576130942.L20190101", "udi.no_di"),
        (".S1576130942.P190101.E191201", "udi.no_di"),
        ("MA.156.M0.100204", "udi.ma_form"),
        ("MA.156.M0.10020.13351764", "udi.ma_form"),
        ("MA.156.1000.100204.13351764", "udi.ma_form"),
        ("MA.156.M0.100204.1335-1764", "udi.ma_form"),
        (f"{MA}.M221317", "udi.ma_date"),
        (f"{MA}.E2022013", "udi.ma_date"),
        (f"{MA}.L1.L2", "udi.ma_twice"),
        (f"{MA}.X1", "udi.ma_tag"),
        (f"{MA}.L", "udi.ma_tag"),
        (f"{MA}.", "udi.ma_tag"),
        (f"{MA}..L1", "udi.ma_tag"),
        ("12345", "udi.issuer"),
        ("ZZ.156.M0.100204.13351764", "udi.issuer"),
        ("AHM", "udi.issuer"),
        ("(01)06924561884073", "gs1.check"),
        ("0106924561884073", "gs1.check"),
        (f" {MA}", "code.blank_ends"),
        ("", "code.empty"),
        ("AHM" + "1" * 600, "code.length"),
    ],
)
def test_what_is_no_device_identification_says_why(code: str, reason: str) -> None:
    read = parse("udi", code)
    assert isinstance(read, CodeRefusal)
    assert read.reason_code == reason


def test_the_place_of_a_bad_unit_is_told() -> None:
    read = parse("udi", f"{MA}.L1.M221317")
    assert isinstance(read, CodeRefusal)
    assert read.zh == f"第 {len(MA) + 5} 位的 生产日期 221317 不是有效日期 YYMMDD"
