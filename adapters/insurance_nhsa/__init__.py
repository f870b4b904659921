"""医保信息平台: the insurance side, spoken to in its infno envelope (3301, 3302, 3501, 3505 and notices of ours)."""

from __future__ import annotations

from typing import Final

from adapters._kit.protocol import Interface
from adapters.insurance_nhsa.answers import understand
from adapters.insurance_nhsa.mappings import concerns
from adapters.insurance_nhsa.outbound import HEARS, write

INTERFACE: Final = Interface(
    name="insurance_nhsa",
    title="医保信息平台(两定接口)",
    media_types=("application/json",),
    write=write,
    understand=understand,
    hears=HEARS,
    concerns=concerns,
)
