"""品种目录: which of the many names in the tables are one drug."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gateway.demo.drug_names import DrugName, read_drug_name
from gateway.demo.findings import Findings
from gateway.demo.identifiers import drug_code
from gateway.demo.tables import ascii_text

_SHOWN: Final = " = "


@dataclass(frozen=True, slots=True)
class Drug:
    """品种: an active ingredient in a dosage form, with the gateway's code."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class NameUse:
    """A name as one table of one batch uses it; `form_group` where the table states the form apart."""

    batch: str
    table: str
    name: str
    form_group: str = ""


class DrugCatalogue:
    """Every name of the tables, assigned to a drug by the rules of drug_names."""

    def __init__(self, uses: Iterable[NameUse], findings: Findings) -> None:
        """Assign all names; what was matched, kept apart or assumed is noted."""
        self._parsed: dict[tuple[str, str], DrugName] = {}
        listed = list(dict.fromkeys(uses))
        for use in listed:
            self._parsed[use.name, use.form_group] = read_drug_name(use.name, use.form_group)
        self._forms = self._known_forms()
        self._apart = self._ambiguous(listed, findings)
        self._note_matches(listed, findings)

    def drug(self, name: str, form_group: str = "") -> Drug:
        """Return the drug a name stands for."""
        parsed = self._parsed.get((name, form_group)) or read_drug_name(name, form_group)
        ingredient, form = self._key(parsed)
        return Drug(drug_code(ingredient, form), ingredient + form)

    def _known_forms(self) -> dict[str, set[str]]:
        forms: dict[str, set[str]] = defaultdict(set)
        for parsed in self._parsed.values():
            if parsed.form:
                forms[parsed.salt_free].add(parsed.form)
        return forms

    def _formed(self, parsed: DrugName) -> DrugName:
        """Give a name that says no form the only form its ingredient has anywhere in the tables."""
        forms = self._forms.get(parsed.salt_free, set())
        if parsed.form or len(forms) != 1:
            return parsed
        return DrugName(parsed.ingredient, parsed.salt_free, next(iter(forms)))

    def _key(self, parsed: DrugName) -> tuple[str, str]:
        formed = self._formed(parsed)
        return formed.strict if formed.loose in self._apart else formed.loose

    def _ambiguous(self, listed: list[NameUse], findings: Findings) -> set[tuple[str, str]]:
        """Return the loose keys under which one table of one batch has several different drugs."""
        found: dict[tuple[str, str, tuple[str, str]], dict[tuple[str, str], str]] = defaultdict(
            dict
        )
        for use in listed:
            parsed = self._formed(self._parsed[use.name, use.form_group])
            found[use.batch, use.table, parsed.loose].setdefault(parsed.strict, use.name)
        apart: set[tuple[str, str]] = set()
        for (batch, table, loose), names in found.items():
            if len(names) > 1:
                apart.add(loose)
                findings.add(
                    "drug.ambiguous", " / ".join(sorted(names.values())), f"{table} {batch}"
                )
        return apart

    def _note_matches(self, listed: list[NameUse], findings: Findings) -> None:
        names: dict[str, dict[str, str]] = defaultdict(dict)
        batches: dict[str, set[str]] = defaultdict(set)
        for use in listed:
            parsed = self._parsed[use.name, use.form_group]
            drug = self.drug(use.name, use.form_group)
            names[drug.code].setdefault(ascii_text(use.name), use.name)
            batches[drug.code].add(use.batch)
            if not parsed.form and self._formed(parsed).form:
                findings.add("drug.form_assumed", f"{use.name} → {drug.name}", use.batch)
        for code, spellings in names.items():
            if len(spellings) > 1:
                shown = _SHOWN.join(spellings[key] for key in sorted(spellings))
                findings.add("drug.matched", shown, ", ".join(sorted(batches[code])))
