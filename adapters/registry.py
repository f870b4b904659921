"""接口登记: the one list of interfaces. A new one is a folder and a line here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from adapters import (
    his_hl7v2,
    insurance_nhsa,
    platform_json,
    trace_epcis,
    yunnan_procurement,
)
from adapters._kit.protocol import Interface

_LISTED: Final = (
    yunnan_procurement.INTERFACE,
    platform_json.INTERFACE,
    his_hl7v2.INTERFACE,
    trace_epcis.INTERFACE,
    insurance_nhsa.INTERFACE,
)
INTERFACES: Final[Mapping[str, Interface]] = {each.name: each for each in _LISTED}
