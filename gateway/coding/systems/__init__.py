"""编码体系: code systems as data (contracts/codes), and reading codes into typed parts.

`code_systems()` says what there is, `parse(code_type, code, on)` reads one code, `regions()` knows GB/T 2260
with its history, `read_elements` GS1 strings, `read_approval` approval numbers as they stand in real lists.
"""

from gateway.coding.systems.approval import Approval, read_approval
from gateway.coding.systems.gs1 import Element, read_elements
from gateway.coding.systems.loading import code_systems, load_code_systems
from gateway.coding.systems.parse import UnknownCodeType, parse, unknown_type
from gateway.coding.systems.refusal import CodeRefusal
from gateway.coding.systems.regions import Region, Regions, regions
from gateway.coding.systems.system import CodeSystem, ParsedCode, Part, PartMeaning

__all__ = [
    "Approval",
    "CodeRefusal",
    "CodeSystem",
    "Element",
    "ParsedCode",
    "Part",
    "PartMeaning",
    "Region",
    "Regions",
    "UnknownCodeType",
    "code_systems",
    "load_code_systems",
    "parse",
    "read_approval",
    "read_elements",
    "regions",
    "unknown_type",
]
