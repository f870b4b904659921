"""XML is parsed by one hardened parser; a contract's two engines agree."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters._kit.soap import Fault, fault, unwrap, wrap
from adapters._kit.xml import Element, escaped, parse, parse_text
from adapters._kit.xml_contract import EnginesDiffer, XmlContract
from schemas.issues import Rejected

XSD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="urn:t" targetNamespace="urn:t"
 elementFormDefault="qualified">
<xs:simpleType name="qty"><xs:restriction base="xs:decimal"><xs:pattern value="-?[0-9]{1,9}([.][0-9]{1,4})?"/>
</xs:restriction></xs:simpleType>
<xs:simpleType name="n"><xs:restriction base="xs:positiveInteger"><xs:pattern value="[0-9]{1,9}"/>
</xs:restriction></xs:simpleType>
<xs:element name="Doc"><xs:complexType><xs:sequence>
 <xs:element name="Text" type="xs:string" minOccurs="0"/>
 <xs:element name="Day" minOccurs="0"><xs:simpleType><xs:restriction base="xs:string">
  <xs:pattern value="[0-9]{8}"/></xs:restriction></xs:simpleType></xs:element>
 <xs:element name="Yes" type="xs:boolean" minOccurs="0"/>
 <xs:element name="Sign" minOccurs="0"><xs:complexType><xs:simpleContent><xs:extension base="xs:string">
  <xs:attribute name="alg" type="xs:string"/></xs:extension></xs:simpleContent></xs:complexType></xs:element>
 <xs:choice minOccurs="0"><xs:element name="A" type="n"/><xs:element name="B" type="qty"/></xs:choice>
 <xs:element name="Row" minOccurs="0" maxOccurs="50"><xs:complexType><xs:sequence>
  <xs:element name="Qty" type="qty" minOccurs="0"/><xs:element name="Tag" type="xs:string" minOccurs="0"
   maxOccurs="3"/></xs:sequence><xs:attribute name="seq" type="n"/></xs:complexType></xs:element>
</xs:sequence><xs:attribute name="version" type="xs:string"/></xs:complexType></xs:element>
</xs:schema>"""
CONTRACT = XmlContract(XSD.encode(), compare_every=1)


def codes(raw: bytes) -> list[str]:
    with pytest.raises(Rejected) as caught:
        parse(raw)
    return [one.code for one in caught.value.issues]


BOMB = (
    b"""<?xml version="1.0"?><!DOCTYPE z [<!ENTITY a "aaaaaaaaaa">"""
    + b"".join(b'<!ENTITY %c "%s">' % (98 + at, b"&%c;" % (97 + at) * 10) for at in range(9))
    + b"]><z>&j;</z>"
)


@pytest.mark.parametrize(
    "raw",
    [
        BOMB,
        b'<!DOCTYPE x SYSTEM "file:///etc/hostname"><x/>',
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><x>&e;</x>',
        b"<!DOCTYPE html><x/>",
        b"<?xml version='1.0'?><!-- c --><?p i?>\n<!DOCTYPE x><x/>",
        b"\xef\xbb\xbf<!DOCTYPE x><x/>",
        '<?xml version="1.0" encoding="GBK"?><!DOCTYPE x><x/>'.encode("gbk"),
        b'<!DOCTYPE x [<!ATTLIST x a CDATA "&b;"><!ENTITY b "c">]><x/>',
    ],
)
def test_a_doctype_is_refused_whatever_it_declares(raw: bytes) -> None:
    began = time.perf_counter()
    assert codes(raw) == ["xml.doctype"]
    assert time.perf_counter() - began < 1


def test_the_word_doctype_in_text_is_harmless() -> None:
    assert parse(b"<x><![CDATA[<!DOCTYPE y>]]></x>").text == "<!DOCTYPE y>"
    assert parse(b"<x><!-- <!DOCTYPE y> --></x>").tag == "x"
    assert parse(b"<!-- <!DOCTYPE y> --><x/>").tag == "x"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "body.empty"),
        (b" \r\n\t", "body.empty"),
        (b"\xef\xbb\xbf", "body.empty"),
        (b"<x>\xff</x>", "body.encoding"),
        (
            '<?xml version="1.0" encoding="UTF-8"?><x>阿托伐他汀钙片</x>'.encode("gb18030"),
            "body.encoding",
        ),
        (b'<?xml version="1.0" encoding="UTF-16"?><x/>', "body.encoding"),
        ("<x/>".encode("utf-16"), "body.encoding"),
        ("<x/>".encode("utf-32-be"), "xml.malformed"),
        (b'<?xml version="1.0" encoding="latin-1"?><x/>', "body.encoding"),
        (b'<?xml version="1.0" encoding="GB18030"?><x>\x81</x>', "body.encoding"),
        (b"<x>\xc0\xaf</x>", "body.encoding"),
        (b"<x>\xed\xa0\x80</x>", "body.encoding"),
        (b"<x><y></x>", "xml.malformed"),
        (b"<x/><y/>", "xml.malformed"),
        (b"<x>&undefined;</x>", "xml.malformed"),
        (b"<x>&#0;</x>", "xml.malformed"),
        (b"<x>\x00</x>", "xml.malformed"),
        (b'<x a="1" a="2"/>', "xml.malformed"),
        (b"<!doctype x><x/>", "xml.malformed"),
        (b"{}", "xml.malformed"),
        (b"<x" * 10, "xml.malformed"),
        (b"<a>" * 33 + b"</a>" * 33, "body.too_deep"),
        (b"<a>" * 100_000, "body.too_deep"),
    ],
)
def test_what_is_not_a_sound_document_is_refused_by_name(raw: bytes, code: str) -> None:
    assert codes(raw) == [code]


def test_depth_is_counted_in_elements() -> None:
    assert parse(b"<a>" * 32 + b"</a>" * 32).tag == "a"


def test_a_million_attributes_do_not_hang_the_parser() -> None:
    raw = b"<x " + b" ".join(b'a%d=""' % at for at in range(1_000_000)) + b"/>"
    began = time.perf_counter()
    with suppress(Rejected):
        parse(raw)
    assert time.perf_counter() - began < 20


def test_gb18030_is_read_when_it_is_declared() -> None:
    for charset in ("GB18030", "gbk", "gb2312"):
        raw = f"<?xml version='1.0' encoding='{charset}'?><x>阿托伐他汀</x>".encode("gb18030")
        assert parse(raw).text == "阿托伐他汀"


def test_a_byte_order_mark_and_comments_are_of_no_account() -> None:
    assert parse("\ufeff<x>a<!-- c -->b<?p i?>c</x>".encode()).text == "abc"


def test_no_file_and_no_network_is_touched_for_a_schema_location() -> None:
    raw = (
        '<Doc xmlns="urn:t" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xsi:schemaLocation="urn:t http://127.0.0.1:9/x.xsd"><Text>a</Text></Doc>'
    )
    assert CONTRACT.read(raw.encode()).content == {"Text": "a"}


# --------------------------------------------------------------------------- the two engines


def tag(name: str, text: str) -> str:
    return f"<{name}>{escaped(text)}</{name}>"


words = st.text(
    alphabet=st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"])
    | st.sampled_from(" \t\n"),
    max_size=12,
)
decimals = st.from_regex(r"-?[0-9]{1,9}(\.[0-9]{1,4})?", fullmatch=True)
rows = st.builds(
    lambda seq, qty, tags: (
        f"<Row{'' if seq is None else f' seq={chr(34)}{seq}{chr(34)}'}>"
        f"{'' if qty is None else tag('Qty', qty)}{''.join(tag('Tag', each) for each in tags)}</Row>"
    ),
    st.none() | st.integers(1, 999_999_999),
    st.none() | decimals,
    st.lists(words, max_size=3),
)
documents = st.builds(
    lambda *parts: f'<Doc xmlns="urn:t" version=" 1 ">{"".join(parts)}</Doc>',
    words.map(lambda text: tag("Text", text)) | st.just("<Text/>") | st.just(""),
    st.sampled_from(["<Day>29991231</Day>", "<Day>20260105</Day>", ""]),
    st.sampled_from(["<Yes>1</Yes>", "<Yes> false </Yes>", ""]),
    st.sampled_from(['<Sign alg="a"/>', '<Sign alg="">t</Sign>', "<Sign>t</Sign>", "<Sign/>", ""]),
    st.integers(1, 9).map(lambda number: f"<A> {number:03d} </A>".replace(" ", ""))
    | decimals.map(lambda text: tag("B", text))
    | st.just(""),
    st.lists(rows, max_size=4).map("".join),
)


@given(documents)
@settings(max_examples=150, deadline=None)
def test_the_plan_and_xmlschema_decode_every_document_alike(document: str) -> None:
    root = parse(document.encode())
    if CONTRACT.accepts(root):
        CONTRACT.decode(root)  # compares each time; EnginesDiffer fails the test
    else:
        assert CONTRACT.issues(root)


def test_a_single_row_is_a_list_an_empty_element_is_none_a_decimal_stays_its_text() -> None:
    raw = b'<Doc xmlns="urn:t"><Text/><Day>29991231</Day><B>012.50</B><Row seq="1"/></Doc>'
    content = CONTRACT.read(raw).content
    assert content == {"Text": None, "Day": "29991231", "B": "012.50", "Row": [{"@seq": 1}]}


def test_the_comparison_finds_a_plan_that_reads_wrongly() -> None:
    contract = XmlContract(XSD.encode(), compare_every=2)

    def wrong(element: Element) -> dict[str, str]:
        return {"Text": "x"}

    contract._typed = {"{urn:t}Doc": wrong}
    raw = b'<Doc xmlns="urn:t"><Text>a</Text></Doc>'
    contract.read(raw)
    with pytest.raises(EnginesDiffer):
        contract.read(raw)
    contract.read(raw)


@pytest.mark.parametrize(
    ("body", "issues"),
    [
        ("<Day>２0260105</Day>", [("/Doc/Day", "field.fullwidth")]),
        ("<Day>2026</Day>", [("/Doc/Day", "field.format")]),
        ("<A>１</A>", [("/Doc/A", "field.fullwidth")]),
        ("<A>0</A>", [("/Doc/A", "field.range")]),
        ("<Odd/>", [("/Doc/Odd", "field.unknown")]),
        ('<Row seq="1"><Qty>1</Qty></Row><Row seq="x"/>', [("/Doc/Row[2]", "field.format")]),
        ('<Row odd="1"/>', [("/Doc/Row/@odd", "field.unknown")]),
        ("<Row><Qty>1e5</Qty></Row>", [("/Doc/Row/Qty", "field.format")]),
    ],
)
def test_a_refused_document_says_where_and_what(body: str, issues: list[tuple[str, str]]) -> None:
    with pytest.raises(Rejected) as caught:
        CONTRACT.read(f'<Doc xmlns="urn:t">{body}</Doc>'.encode())
    assert [(one.path, one.code) for one in caught.value.issues] == issues


def test_a_foreign_document_is_refused() -> None:
    with pytest.raises(Rejected, match="not an element of the schema"):
        CONTRACT.read(b"<Doc/>")


@pytest.mark.parametrize(
    "part",
    [
        '<xs:element name="E" type="xs:string" default="x"/>',
        '<xs:element name="E" type="xs:double"/>',
        '<xs:element name="E" type="xs:token"/>',
        '<xs:element name="E" type="xs:normalizedString"/>',
        '<xs:element name="E" type="xs:IDREFS"/>',
        '<xs:element name="E"><xs:complexType><xs:sequence><xs:any/></xs:sequence></xs:complexType></xs:element>',
        '<xs:element name="E"><xs:complexType mixed="true"><xs:sequence/></xs:complexType></xs:element>',
        '<xs:element name="E" type="xs:string" nillable="true"/>',
    ],
)
def test_a_contract_that_the_plan_cannot_cover_does_not_compile(part: str) -> None:
    xsd = f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">{part}</xs:schema>'
    with pytest.raises(ValueError, match=r"not planned|white space"):
        XmlContract(xsd.encode())


# --------------------------------------------------------------------------- SOAP


def test_a_document_travels_as_a_string_and_comes_back() -> None:
    text = '<Doc a="&quot;">药 &amp; &lt;b&gt;</Doc>'
    call = unwrap(wrap(text, "sendRecv", "urn:s", "xml"), "Doc")
    assert (call.operation, call.namespace, call.root.text) == ("sendRecv", "urn:s", "药 & <b>")


@pytest.mark.parametrize(
    "inside",
    [
        "<o><a>user</a><b>&lt;Doc>1&lt;/Doc></b></o>",
        "<o><b><![CDATA[ <?xml version='1.0' encoding='GBK'?><Doc>1</Doc>]]></b></o>",
        "<o>&lt;Doc>1&lt;/Doc></o>",
        "<o><b><Doc>1</Doc></b></o>",
        "<Doc>1</Doc>",
    ],
)
def test_the_document_is_found_however_it_is_wrapped(inside: str) -> None:
    soap = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{}</s:Body></s:Envelope>'
    root = unwrap(soap.format(inside).encode(), "Doc").root
    assert (root.tag, root.text, root.getparent()) == ("Doc", "1", None)


@pytest.mark.parametrize(
    ("soap", "code"),
    [
        (
            '<E:Envelope xmlns:E="http://www.w3.org/2003/05/soap-envelope"><E:Body/></E:Envelope>',
            "soap.envelope",
        ),
        ("<Envelope/>", "soap.envelope"),
        ('<E:Envelope xmlns:E="http://schemas.xmlsoap.org/soap/envelope/"/>', "soap.envelope"),
        (
            '<E:Envelope xmlns:E="http://schemas.xmlsoap.org/soap/envelope/"><E:Body/></E:Envelope>',
            "soap.envelope",
        ),
        (
            '<E:Envelope xmlns:E="http://schemas.xmlsoap.org/soap/envelope/"><E:Body><o><a>x</a></o></E:Body></E:Envelope>',
            "soap.envelope",
        ),
        (
            '<E:Envelope xmlns:E="http://schemas.xmlsoap.org/soap/envelope/"><E:Header><h E:mustUnderstand="1"/></E:Header><E:Body><o>&lt;Doc/></o></E:Body></E:Envelope>',
            "soap.envelope",
        ),
        (
            '<E:Envelope xmlns:E="http://schemas.xmlsoap.org/soap/envelope/"><E:Body><o>&lt;!DOCTYPE x>&lt;Doc/></o></E:Body></E:Envelope>',
            "xml.doctype",
        ),
        (
            '<E:Envelope xmlns:E="http://schemas.xmlsoap.org/soap/envelope/"><E:Body><o>&lt;Doc></o></E:Body></E:Envelope>',
            "xml.malformed",
        ),
    ],
)
def test_a_bad_envelope_is_refused_by_name(soap: str, code: str) -> None:
    with pytest.raises(Rejected) as caught:
        unwrap(soap.encode(), "Doc")
    assert [one.code for one in caught.value.issues] == [code]


def test_a_fault_is_told_apart_from_a_document() -> None:
    with pytest.raises(Fault) as caught:
        unwrap(fault("Server", "later <please>"), "Doc")
    assert (caught.value.code, caught.value.text) == ("soap:Server", "later <please>")


@given(st.text(max_size=60))
def test_escaped_text_is_always_well_formed(text: str) -> None:
    kept = parse_text(f'<x a="{escaped(text)}">{escaped(text)}</x>').text or ""
    assert len(kept) == len(text)
