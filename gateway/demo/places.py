"""地区: provinces by code and name (GB/T 2260)."""

from __future__ import annotations

import re
from typing import Final

from gateway.demo.tables import ascii_text

PROVINCES: Final[dict[str, str]] = {
    "110000": "北京", "120000": "天津", "130000": "河北", "140000": "山西", "150000": "内蒙古",
    "210000": "辽宁", "220000": "吉林", "230000": "黑龙江", "310000": "上海", "320000": "江苏",
    "330000": "浙江", "340000": "安徽", "350000": "福建", "360000": "江西", "370000": "山东",
    "410000": "河南", "420000": "湖北", "430000": "湖南", "440000": "广东", "450000": "广西",
    "460000": "海南", "500000": "重庆", "510000": "四川", "520000": "贵州", "530000": "云南",
    "540000": "西藏", "610000": "陕西", "620000": "甘肃", "630000": "青海", "640000": "宁夏",
    "650000": "新疆",
}  # fmt: skip
_CODES_BY_NAME: Final = {name: code for code, name in PROVINCES.items()}
_CODE: Final = re.compile(r"[1-8][0-9]{5}")
_NOTE: Final = re.compile(r"\(.*\)$")
_KINDS: Final = ("维吾尔自治区", "壮族自治区", "回族自治区", "自治区", "省", "市")


def region_code(code: str, name: str) -> str:
    """Return the six-digit code of a region given by code or, failing that, by a province's name; ""."""
    text = ascii_text(code)
    if _CODE.fullmatch(text):
        return text
    bare = _NOTE.sub("", ascii_text(name))
    for kind in _KINDS:
        bare = bare.removesuffix(kind)
    return _CODES_BY_NAME.get(bare, "")
