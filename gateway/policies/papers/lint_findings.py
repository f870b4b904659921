"""条款检查结果: every kind of finding, in one list, Chinese first. A note is no fault: worth knowing only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

KINDS: Final[dict[str, tuple[str, str]]] = {
    "unsound": ("文件有误：{detail}", "the file is not sound"),
    "citation_malformed": (
        "依据写法有误：{detail}",
        "not of the form 文号 条款, several separated by ；",
    ),
    "paper_unknown": ("没有登记此文件：{detail}", "no such paper in papers/"),
    "clause_missing": ("未写条款：{detail}", "a paper whose text is at hand is cited by clause"),
    "clause_unknown": ("文件中没有此条款：{detail}", "the paper has no such clause"),
    "paper_elsewhere": ("文件不适用于本地区：{detail}", "the paper does not apply to the region"),
    "too_early": ("早于文件生效日：{detail}", "the value stands before its paper does"),
    "too_late": ("晚于文件失效日：{detail}", "the value stands after its paper has ended"),
    "unit_misfit": ("取值与单位不符：{detail}", "the value does not fit the vocabulary's unit"),
    "value_gap": (
        "起止日之间有空档，其间视为文件未规定：{detail}",
        "nothing holds in between: the paper counts as silent",
    ),
    "override_unnamed": (
        "未注明替代上级何条款：应为 {detail}",
        "an override names what it overrides",
    ),
    "override_wrong": ("所替代的条款不符：{detail}", "the province's clause is another one"),
    "override_empty": ("上级并无此条款可替代：{detail}", "there is nothing above to override"),
    "term_unused": (
        "各地区均未取值：{detail}",
        "no region gives it a value and it is not reserved",
    ),
    "reserved_used": (
        "注明预留却已取值：{detail}",
        "marked reserved, but a region gives it a value",
    ),
    "code_unknown": (
        "规则所读条款不在词汇表：{detail}",
        "a policy reads a term that is not in vocabulary",
    ),
    "duplicate_inherited": ("与上级取值相同：{detail}", "says the same as what it would inherit"),
    "cited_whole": ("只引文号，正文未登记：{detail}", "cited as a whole, its text is not at hand"),
    "code_unread": (
        "尚无规则读取此条款：{detail}",
        "no policy reads the term: nothing follows from it",
    ),
    "choice_unworded": ("取值没有中文释义：{detail}", "the choice has no words in choices.toml"),
    "choice_unknown": (
        "释义所指的取值不存在：{detail}",
        "choices.toml words a value that cannot be",
    ),
    "coverage_unsound": ("{detail}", "coverage.toml is not sound"),
    "cell_missing": ("覆盖表缺此格：{detail}", "the coverage table lacks this cell"),
    "cell_empty": ("文件有规定而此格空白：{detail}", "the papers speak, the cell is empty"),
    "cell_unsupported": (
        "无条款支持而此格已填：{detail}",
        "filled without a clause that supports it",
    ),
    "cell_incomplete": ("此格内容不全：{detail}", "the cell lacks what a filled one has"),
    "test_unknown": ("没有此测试：{detail}", "there is no such test"),
    "policy_unknown": ("没有此规则：{detail}", "there is no such policy"),
    "cell_todo": ("此格待完成：{detail}", "not built yet"),
    "tests_absent": (
        "测试目录不在，未核对：{detail}",
        "the tests are not here, their names go unchecked",
    ),
}
NOTES: Final = frozenset(
    {"duplicate_inherited", "cited_whole", "code_unread", "choice_unworded", "cell_todo"}
    | {"tests_absent", "value_gap"}
)


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One finding: the file, the term (or the cell) in it, its kind (a key of KINDS), the particulars."""

    file: str
    term: str
    kind: str
    detail: str

    @property
    def note(self) -> bool:
        """Return whether it is only worth knowing."""
        return self.kind in NOTES

    @property
    def zh(self) -> str:
        """Return the sentence in Chinese."""
        return KINDS[self.kind][0].format(detail=self.detail)

    @property
    def en(self) -> str:
        """Return the sentence in English."""
        return KINDS[self.kind][1]

    def line(self) -> str:
        """Return the one line that people read: file, term, Chinese, English."""
        where = f"{self.file}: {self.term}" if self.term else self.file
        return f"{where}: {self.zh} ({self.en})"
