"""拒绝缘由: why a code is refused, each reason with a code and a sentence in Chinese and English."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

REASONS: Final[Mapping[str, tuple[str, str]]] = {
    # code: (Chinese sentence, English sentence); {…} are filled from the facts of the case
    "code.not_text": ("编码须为文字", "The code must be text"),
    "code.type_unknown": (
        "没有此编码类型 {given}；已知：{known}",
        "No such code type {given}; known: {known}",
    ),
    "code.empty": ("编码为空", "The code is empty"),
    "code.control": (
        "第 {place} 位是不可见字符 {sign}",
        "Character {place} is invisible: {sign}",
    ),
    "code.blank_ends": ("编码首尾有空白{fix_zh}", "There are blanks around the code{fix_en}"),
    "code.blank_inside": (
        "第 {place} 位是空白{fix_zh}",
        "Character {place} is a blank{fix_en}",
    ),
    "code.fullwidth": (
        "第 {place} 位是全角字符“{sign}”{fix_zh}",
        "Character {place} is full-width: {sign}{fix_en}",
    ),
    "code.lowercase": (
        "第 {place} 位是小写字母“{sign}”{fix_zh}",
        "Character {place} is a lower-case letter: {sign}{fix_en}",
    ),
    "code.letter": (
        "第 {place} 位的字母 {sign} 不在此编码的字符集中{hint_zh}",
        "Character {place}, the letter {sign}, is not in the alphabet of this code{hint_en}",
    ),
    "code.confused": ("{zh}", "{en}"),
    "code.length": (
        "长度应为 {expected} 位，实为 {found} 位",
        "{expected} characters are expected, {found} were found",
    ),
    "code.character": (
        "第 {place} 位应为{expected_zh}，实为“{sign}”",
        "Character {place} must be {expected_en}, not {sign}",
    ),
    "code.incomplete": (
        "编码不完整：第 {place} 位应为{expected_zh}",
        "The code is incomplete: character {place} must be {expected_en}",
    ),
    "code.check": (
        "校验码（第 {place} 位）应为 {expected}，实为 {found}",
        "The check character ({place}) must be {expected}, not {found}",
    ),
    "code.part": ("第 {place} 位起的{zh}“{text}”：{why_zh}", "{name} {text} at {place}: {why_en}"),
    "region.province": (
        "没有以 {province} 开头的省级区划",
        "No province ever had the code {province}",
    ),
    "region.time": (
        "区划 {code}（{name}）在 {day} 不是有效代码，有效年份 {years}",
        "Region {code} ({name}) was no code on {day}; its years: {years}",
    ),
    "gs1.ai_unknown": (
        "第 {place} 位的应用标识符 {ai} 不在目录中",
        "The application identifier {ai} at character {place} is not in the table",
    ),
    "gs1.ai_twice": (
        "应用标识符 ({ai}) 重复（第 {place} 位）",
        "The application identifier ({ai}) stands twice (character {place})",
    ),
    "gs1.bracket": (
        "第 {place} 位应为括号中的应用标识符，如 (01)",
        "An application identifier in brackets, as (01), is expected at character {place}",
    ),
    "gs1.length": (
        "({ai}) {zh} 应为 {expected} 位，实为 {found} 位（第 {place} 位起）",
        "({ai}) must have {expected} characters, not {found} (from character {place})",
    ),
    "gs1.character": (
        "({ai}) {zh} 的第 {place} 位字符“{sign}”不允许",
        "({ai}) may not contain {sign} (character {place})",
    ),
    "gs1.check": (
        "({ai}) {zh} 的校验码应为 {expected}，实为 {found}（第 {place} 位）",
        "The check digit of ({ai}) must be {expected}, not {found} (character {place})",
    ),
    "gs1.date": (
        "({ai}) {zh} {text} 不是有效日期（第 {place} 位起）",
        "({ai}) {text} is no date (from character {place})",
    ),
    "gs1.separator": (
        "第 {place} 位的分隔符 FNC1 (GS) 多余",
        "The separator FNC1 (GS) at character {place} separates nothing",
    ),
    "udi.issuer": (
        "不是 UDI：应以 (01)、MA. 或 AHM 开头",
        "Not a UDI: it begins with (01), MA. or AHM",
    ),
    "udi.no_di": (
        "缺少产品标识 DI，只有生产标识 PI",
        "The device identifier is missing, there are only production identifiers",
    ),
    "udi.ma_form": (
        "MA 编码的 DI 应为 MA.国别3位.M0.注册人6位.产品码，如 MA.156.M0.100204.13351764",
        "The DI of MA is MA.<country>.M0.<registrant, 6>.<product>, as MA.156.M0.100204.13351764",
    ),
    "udi.ma_tag": (
        "第 {place} 位的 PI 单元“{text}”没有已知的标识字母",
        "The unit {text} at character {place} begins with no known letter",
    ),
    "udi.ma_twice": (
        "PI 单元 {tag} 重复（第 {place} 位）",
        "The unit {tag} stands twice (character {place})",
    ),
    "udi.ma_date": (
        "第 {place} 位的 {zh} {text} 不是有效日期 YYMMDD",
        "{text} at character {place} is no date YYMMDD",
    ),
}

_FULL: Final = {chr(0xFF01 + n): chr(0x21 + n) for n in range(94)} | {"\u3000": " "}
_FULL_TABLE: Final = str.maketrans(_FULL)
_BLANKS: Final = frozenset(
    " \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\t\n\r\x0b\x0c\x85"
)
_BLANK_TEXT: Final = "".join(_BLANKS)
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_SHOWN_AT_MOST: Final = 64


@dataclass(frozen=True, slots=True)
class CodeRefusal:
    """Why a code is not one of its system: a reason code of REASONS and the sentences."""

    code_type: str
    code: str
    reason_code: str
    zh: str
    en: str

    @property
    def reason(self) -> str:
        """Return both sentences in one line, Chinese first."""
        return f"{self.zh} {self.en}"


def refusal(code_type: str, code: str, reason: str, /, **facts: object) -> CodeRefusal:
    """Make a refusal from the catalogue; an unknown reason is a programming error (KeyError)."""
    zh, en = REASONS[reason]
    return CodeRefusal(code_type, code, reason, zh.format(**facts), en.format(**facts))


def half_width(text: str) -> str:
    """Return the text with full-width ASCII (digits, letters, brackets) as the plain characters."""
    return text.translate(_FULL_TABLE)


def shown(sign: str) -> str:
    """Return a character as a person can read it: itself, or its number."""
    return sign if sign.isprintable() and sign not in _BLANKS else f"U+{ord(sign):04X}"


def shortened(text: str) -> str:
    """Return a text that fits a sentence, unprintable characters as numbers."""
    cut = text if len(text) <= _SHOWN_AT_MOST else f"{text[:_SHOWN_AT_MOST]}…"
    return "".join(sign if sign.isprintable() else f"<{shown(sign)}>" for sign in cut)


def first_blank(code: str) -> int:
    """Return where the first blank stands, counted from 1; 0 when there is none."""
    return next((n for n, sign in enumerate(code, 1) if sign in _BLANKS), 0)


def is_plain(code: str) -> bool:
    """Return whether there are only visible ASCII characters: nothing to say about widths and blanks."""
    return code.isascii() and code.isprintable() and " " not in code


def is_blank(code: str) -> bool:
    """Return whether there is nothing but blanks."""
    return all(sign in _BLANKS for sign in code)


def trimmed(code: str) -> str:
    """Return the code without blanks around it."""
    return code.strip(_BLANK_TEXT)


def first_invisible(code: str, allowed: str = "") -> int:
    """Return where the first invisible character stands, counted from 1; 0 when there is none.

    `allowed` are control characters that belong to the code (FNC1 as GS).
    """
    return next(
        (
            n
            for n, sign in enumerate(code, 1)
            if unicodedata.category(sign) in _INVISIBLE and sign not in allowed
        ),
        0,
    )


def first_fullwidth(code: str) -> int:
    """Return where the first full-width character stands, counted from 1; 0 when there is none."""
    return next((n for n, sign in enumerate(code, 1) if sign in _FULL), 0)
