"""导入问题: what can be wrong with a file, each with a code and a sentence in Chinese and English.

A file is judged as a whole: every finding is kept (up to a limit, the rest is counted), and a file with
any finding changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.errors import Misconfigured

SHOWN: Final = 80
"""Characters of a cell that a finding quotes."""

CATALOGUE: Final[dict[str, tuple[str, str]]] = {
    "file.unreadable": ("无法读取:{detail}", "cannot be read: {detail}"),
    "file.empty": ("文件为空", "the file is empty"),
    "file.too_large": (
        "文件 {size} 字节,超过上限 {limit}",
        "{size} bytes are more than the limit of {limit}",
    ),
    "file.extension": (
        "扩展名为 {suffix},内容却是 {content};请改正扩展名后再导入",
        "it is named {suffix} but its content is {content}; give it its right name",
    ),
    "file.kind": (
        "不支持的文件({content});请另存为 .xlsx 或 UTF-8 的 .csv",
        "a file of this kind is not read ({content}); save it as .xlsx or as .csv in UTF-8",
    ),
    "file.macros": (
        "含宏,不予读取;请另存为不带宏的 .xlsx",
        "it carries macros; save it as .xlsx without them",
    ),
    "file.encrypted": (
        "文件有密码保护;请取消密码后再导入",
        "it is protected by a password; take the password off",
    ),
    "file.damaged": ("文件不完整或已损坏:{detail}", "it is cut short or damaged: {detail}"),
    "file.bomb": (
        "解压后超过上限 {limit} 字节({detail})",
        "it unpacks to more than {limit} bytes ({detail})",
    ),
    "file.encoding": (
        "既不是 UTF-8 也不是 GB18030,亦无 UTF-16 字节序标记(第 {line} 行)",
        "neither UTF-8 nor GB18030, nor UTF-16 with a byte order mark (line {line})",
    ),
    "file.utf8_broken": (
        "是 UTF-8,但第 {line} 行有损坏的字节",
        "it is UTF-8 with broken bytes in line {line}",
    ),
    "file.not_csv": ("不是有效的 CSV:{detail}", "not CSV: {detail}"),
    "file.too_many_rows": ("超过 {limit} 行", "more than {limit} rows"),
    "file.too_wide": ("超过 {limit} 列", "more than {limit} columns"),
    "sheet.choose": (
        "有多个工作表,请用 --sheet 指明:{names}",
        "there are several sheets, name one with --sheet: {names}",
    ),
    "sheet.unknown": ("没有工作表 {name};现有:{names}", "no sheet {name}; there are: {names}"),
    "sheet.empty": ("工作表为空", "the sheet is empty"),
    "columns.none": (
        "未指明各列含义。可用:{suggested}(或加 --suggested 采用)",
        "nothing says which column is which. Suggested: {suggested} (or take it with --suggested)",
    ),
    "columns.no_header": (
        "前 {rows} 行中没有表头;期待的列:{wanted}",
        "no heading row among the first {rows} rows; expected: {wanted}",
    ),
    "columns.missing": (
        "没有列 {name}({field})",
        "no column {name} ({field}){nearest}",
    ),
    "columns.twice": ("列 {name} 出现 {count} 次", "column {name} stands {count} times"),
    "columns.field": (
        "没有字段 {name}",
        "there is no field {name}{nearest}",
    ),
    "columns.required": (
        "字段 {field} 既无列也无固定值",
        "field {field} has neither a column nor a constant",
    ),
    "columns.shared": ("列 {name} 用于多个字段", "column {name} is used for several fields"),
    "plan.bad": ("列映射文件有误:{detail}", "bad column plan: {detail}"),
    "cell.formula": (
        "单元格 {cell} 是公式;请粘贴为数值",
        "cell {cell} is a formula; paste it as a value",
    ),
    "cell.error": ("单元格 {cell} 是错误值({text})", "cell {cell} is an error value ({text})"),
    "cell.merged": (
        "单元格 {cell} 在合并区域 {area} 内;请取消合并并逐格填写",
        "cell {cell} lies in the merged range {area}; unmerge it and fill each cell",
    ),
    "cell.number": (
        "单元格 {cell} 是数字 {text};编码须为文本,前导零可能已丢失,请将该列设为文本后重填",
        "cell {cell} is the number {text}: leading zeros may be lost; format the column as text, refill",
    ),
    "cell.shortened": (
        "{text} 是被表格软件缩写的数字,原值已丢失",
        "{text} is a number that a spreadsheet has shortened; its digits are lost",
    ),
    "cell.date_for_code": (
        "单元格 {cell} 是日期 {text};编码须为文本(表格软件可能已改写)",
        "cell {cell} is the date {text}; codes must be text (a spreadsheet may have changed it)",
    ),
    "cell.boolean": ("单元格 {cell} 是逻辑值", "cell {cell} is TRUE or FALSE, not text"),
    "cell.unseen": ("含不可见字符:{text}", "characters that cannot be seen: {text}"),
    "cell.too_long": ("超过 {limit} 个字符", "longer than {limit} characters"),
    "cell.date": ("日期无法识别:{text}", "not a date: {text}"),
    "cell.no_such_day": ("日历上没有这一天:{text}", "no such day: {text}"),
    "cell.time_in_date": (
        "日期带有时刻:{text}",
        "a date with a time of day: {text}",
    ),
    "cell.value": (
        "{text} 不是允许的取值:{allowed}",
        "{text} is none of {allowed}",
    ),
    "row.short": (
        "只有 {found} 列,需要 {wanted} 列",
        "{found} cells where {wanted} are needed",
    ),
    "row.long": (
        "多出 {count} 个有内容的单元格(表头只有 {wanted} 列)",
        "{count} cells with content beyond the {wanted} headings",
    ),
    "row.invalid": ("不符合要求:{detail}", "{detail}"),
    "row.required": ("不得为空", "it must not be blank"),
    "row.differs": (
        "{text} 与本次导入指定的 {wanted} 不同",
        "{text} is not {wanted}, for which this import is",
    ),
    "row.partner": (
        "对接方 {text} 未登记",
        "partner {text} is not registered{nearest}",
    ),
    "row.status": (
        "状态为 {text};只导入现行对照,历史版本不可导入",
        "its status is {text}: only what is in force can be imported, not history",
    ),
    "row.unified": (
        "统一编码 {text} 不成立:{detail}",
        "unified code {text} does not hold: {detail}",
    ),
    "zip.parts": (
        "压缩包内应只有一个文本文件,现有:{names}",
        "one text file is expected in the zip, there are: {names}",
    ),
    "row.columns": (
        "只有 {found} 列,本目录至少需要 {wanted} 列",
        "{found} columns where this catalogue needs {wanted}",
    ),
    "row.again": (
        "{text} 与第 {other} 行同编码同版本而内容不同",
        "{text} has the code and version of row {other} and another content",
    ),
    "row.code": ("{system} 编码 {text} 不成立:{detail}", "{system} {text} does not hold: {detail}"),
    "file.no_rows": ("表头之后没有数据行", "there is no row after the headings"),
}
"""code: (Chinese sentence, English sentence); {…} are filled from the facts of the case."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `row` is the file's own row number, 0 for the file as a whole."""

    code: str
    zh: str
    en: str
    row: int = 0
    column: str = ""

    def __str__(self) -> str:
        at = f"第 {self.row} 行 row {self.row}: " if self.row else ""
        of = f"{self.column}: " if self.column else ""
        return f"{at}{of}{self.zh} {self.en}"


class BadFile(Misconfigured):
    """文件不可用: the file as a whole cannot be taken; carries every finding."""

    def __init__(self, *found: Finding) -> None:
        super().__init__(*map(str, found))
        self.found = found


def finding(code: str, row: int = 0, column: str = "", **facts: object) -> Finding:
    """Return a finding with its sentences filled in. Raises KeyError for a code not in the catalogue."""
    zh, en = CATALOGUE[code]
    return Finding(code, zh.format(**facts), en.format(**facts), row, column)


def bad_file(code: str, **facts: object) -> BadFile:
    """Return the exception for a single finding about the file as a whole."""
    zh, en = CATALOGUE[code]
    return BadFile(Finding(code, zh.format(**facts), en.format(**facts)))


def quoted(value: object) -> str:
    """Return a cell's content as a finding shows it: short, with what cannot be seen made visible."""
    return repr(str(value)[:SHOWN])
