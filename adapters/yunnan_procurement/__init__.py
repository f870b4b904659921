"""药品集中采购平台: a provincial procurement platform, in XML inside SOAP (representative profile, ours)."""

from __future__ import annotations

from typing import Final

from adapters._kit.protocol import Interface
from adapters.yunnan_procurement.families import SAYS
from adapters.yunnan_procurement.inbound import read
from adapters.yunnan_procurement.outbound import HEARS, understand, write
from adapters.yunnan_procurement.reply import answers_natively, reply

INTERFACE: Final = Interface(
    name="yunnan_procurement",
    title="云南省药品集中采购平台",
    media_types=("text/xml", "application/xml"),
    read=read,
    reply=reply,
    answers_natively=answers_natively,
    says=SAYS,
    write=write,
    understand=understand,
    hears=HEARS,
)
