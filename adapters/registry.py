"""接口清单: the one list of interfaces. Adding an interface costs its folder and one line here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from adapters._kit.protocol import Interface
from adapters.his_hl7v2 import INTERFACE as HIS_HL7V2
from adapters.trace_epcis import INTERFACE as TRACE_EPCIS

INTERFACES: Final[Mapping[str, Interface]] = {
    listed.name: listed
    for listed in (
        HIS_HL7V2,
        TRACE_EPCIS,
    )
}
