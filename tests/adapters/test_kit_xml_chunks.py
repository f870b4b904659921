"""Well-formedness of a document of any size, piece by piece."""

from __future__ import annotations

import pytest

from adapters._kit.xml import check_chunks
from schemas.issues import Rejected

GOOD = '<?xml version="1.0"?><a><b c="药">d&amp;e</b></a>'.encode()


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_a_sound_document_passes_however_it_is_cut(size: int) -> None:
    check_chunks(GOOD[at : at + size] for at in range(0, len(GOOD), size))


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "xml.malformed"),
        (b"<a><b></a>", "xml.malformed"),
        (b"<a>", "xml.malformed"),
        (b"<a/><b/>", "xml.malformed"),
        (b"<a>\xff</a>", "xml.malformed"),
        (b"<a>&x;</a>", "xml.malformed"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "xml.doctype"),
        (b"<!DOCTYPE a><a/>", "xml.doctype"),
    ],
)
def test_anything_else_is_refused(raw: bytes, code: str) -> None:
    with pytest.raises(Rejected) as caught:
        check_chunks([raw])
    assert caught.value.issues[0].code == code
