"""接口登记: the one list of interfaces. A new one is a folder and an entry here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from adapters._kit.protocol import Interface
from adapters.insurance_nhsa import answers as insurance_answers
from adapters.insurance_nhsa import outbound as insurance_outbound
from adapters.platform_json import inbound as json_inbound
from adapters.yunnan_procurement import families as yunnan_families
from adapters.yunnan_procurement import inbound as yunnan_inbound
from adapters.yunnan_procurement import outbound as yunnan_outbound
from adapters.yunnan_procurement import reply as yunnan_reply
from schemas.events import ORDER_PLACED

_LISTED: Final = (
    Interface(
        name="yunnan_procurement",
        title="云南省药品集中采购平台",
        media_types=("text/xml", "application/xml"),
        read=yunnan_inbound.read,
        reply=yunnan_reply.reply,
        answers_natively=yunnan_reply.answers_natively,
        says=yunnan_families.SAYS,
        write=yunnan_outbound.write,
        understand=yunnan_outbound.understand,
        hears=yunnan_outbound.HEARS,
    ),
    Interface(
        name="platform_json",
        title="采购平台订单(JSON)",
        media_types=("application/json",),
        read=json_inbound.read,
        says=(ORDER_PLACED,),
    ),
    Interface(
        name="insurance_nhsa",
        title="医保信息平台(两定接口)",
        media_types=("application/json",),
        write=insurance_outbound.write,
        understand=insurance_answers.understand,
        hears=insurance_outbound.HEARS,
    ),
)
INTERFACES: Final[Mapping[str, Interface]] = {each.name: each for each in _LISTED}
