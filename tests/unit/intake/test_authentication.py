"""认证: nobody enters with less than a whole proof."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Refused
from gateway.intake import signing
from gateway.intake.authentication import Authenticator, Caller
from gateway.partners import Partner, Partners

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
SECRET = b"synthetic-secret"
KEY = "synthetic-key"
BODY = b'{"a":1}'
TARGET = "/v1/messages?x=1"
WINDOW = 300


def _partner(name: str, auth: str, **more: Any) -> Partner:
    return Partner.model_validate(
        {"id": name, "name": name, "interface": "canonical", "region": "530000", "auth": auth}
        | more
    )


@pytest.fixture
def authenticator() -> Authenticator:
    partners = (
        _partner("signer", "hmac_sha256"),
        _partner("sm3-signer", "hmac_sm3"),
        _partner("key-holder", "api_key"),
        _partner("digest-holder", "api_key"),
        _partner("closed", "hmac_sha256", enabled=False),
        _partner("no-secret", "hmac_sha256"),
        _partner("no-key", "api_key"),
    )
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    secrets = {
        "signer": SECRET,
        "sm3-signer": SECRET,
        "closed": SECRET,
        "key-holder": KEY.encode(),
        "digest-holder": f"sha256:{digest}".encode(),
    }
    return Authenticator(Partners({each.id: each for each in partners}, secrets), WINDOW)


def _raw(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]


def _signed(**changed: Any) -> dict[str, str]:
    how: dict[str, Any] = {
        "partner": "signer",
        "secret": SECRET,
        "method": "POST",
        "target": TARGET,
        "body": BODY,
        "timestamp": SECONDS,
        "nonce": "nonce-0001",
    }
    return signing.sign(**{**how, **changed})


def _admit(
    authenticator: Authenticator,
    headers: dict[str, str],
    *,
    method: str = "POST",
    target: str = TARGET,
    now: datetime = NOW,
) -> Caller:
    return authenticator.admit(method, target, _raw(headers), now)


def _refusal(authenticator: Authenticator, headers: dict[str, str], **more: Any) -> str:
    with pytest.raises(Refused) as seen:
        _admit(authenticator, headers, **more)
    assert seen.value.status == 401
    assert seen.value.zh
    assert seen.value.en
    return seen.value.code


def test_a_signed_request_is_admitted_with_its_nonce_and_digest(
    authenticator: Authenticator,
) -> None:
    caller = _admit(authenticator, _signed(message_id="PO-1"))
    assert caller.partner.id == "signer"
    assert caller.nonce == "nonce-0001"
    assert caller.message_id == "PO-1"
    assert caller.digest == f"sha-256={hashlib.sha256(BODY).hexdigest()}"


def test_the_signature_is_the_documented_one(authenticator: Authenticator) -> None:
    digest = f"sha-256={hashlib.sha256(BODY).hexdigest()}"
    text = f"POST\n{TARGET}\n\n{SECONDS}\nnonce-0001\n{digest}"
    expected = hmac.new(SECRET, text.encode(), hashlib.sha256).hexdigest()
    assert _signed()[signing.SIGNATURE] == f"hmac-sha256={expected}"


def test_sm3_signs_as_well(authenticator: Authenticator) -> None:
    headers = _signed(partner="sm3-signer", algorithm="hmac-sm3")
    assert _admit(authenticator, headers).partner.id == "sm3-signer"
    assert headers[signing.CONTENT_DIGEST].startswith("sm3=")


@pytest.mark.parametrize("holder", ["key-holder", "digest-holder"])
def test_a_key_is_admitted_whether_it_is_kept_plain_or_as_a_digest(
    authenticator: Authenticator, holder: str
) -> None:
    caller = _admit(authenticator, {signing.PARTNER: holder, signing.KEY: KEY})
    assert (caller.partner.id, caller.nonce, caller.digest) == (holder, "", "")


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "auth.missing"),
        ({signing.PARTNER: "key-holder"}, "auth.missing"),
        ({signing.KEY: KEY}, "auth.missing"),
        ({signing.PARTNER: "key-holder", signing.KEY: KEY + "x"}, "auth.unknown"),
        ({signing.PARTNER: "key-holder", signing.KEY: ""}, "auth.unknown"),
        ({signing.PARTNER: "nobody", signing.KEY: KEY}, "auth.unknown"),
        ({signing.PARTNER: "no-key", signing.KEY: ""}, "auth.unknown"),
        ({signing.PARTNER: "closed", signing.KEY: KEY}, "auth.unknown"),
    ],
)
def test_without_the_right_key_nobody_enters(
    authenticator: Authenticator, headers: dict[str, str], code: str
) -> None:
    assert _refusal(authenticator, headers) == code


def test_the_stored_digest_itself_opens_nothing(authenticator: Authenticator) -> None:
    digest = f"sha256:{hashlib.sha256(KEY.encode()).hexdigest()}"
    headers = {signing.PARTNER: "digest-holder", signing.KEY: digest}
    assert _refusal(authenticator, headers) == "auth.unknown"


def test_a_signer_cannot_fall_back_to_a_key_nor_a_key_holder_to_a_signature(
    authenticator: Authenticator,
) -> None:
    by_key = {signing.PARTNER: "signer", signing.KEY: SECRET.decode()}
    assert _refusal(authenticator, by_key) == "auth.algorithm"
    signed = _signed(partner="key-holder", secret=KEY.encode())
    assert _refusal(authenticator, signed) == "auth.algorithm"
    assert _refusal(authenticator, {**_signed(), signing.KEY: KEY}) == "auth.algorithm"


def test_each_partner_signs_with_its_own_algorithm_only(authenticator: Authenticator) -> None:
    assert _refusal(authenticator, _signed(algorithm="hmac-sm3")) == "auth.algorithm"
    assert _refusal(authenticator, _signed(partner="sm3-signer")) == "auth.algorithm"
    unheard = {**_signed(), signing.SIGNATURE: "none="}
    assert _refusal(authenticator, unheard) == "auth.algorithm"


@pytest.mark.parametrize("name", [signing.TIMESTAMP, signing.NONCE, signing.CONTENT_DIGEST])
def test_a_signature_lacking_a_header_is_refused(authenticator: Authenticator, name: str) -> None:
    headers = _signed()
    del headers[name]
    assert _refusal(authenticator, headers) == "auth.missing"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (signing.TIMESTAMP, str(SECONDS + 1)),
        (signing.NONCE, "nonce-0002"),
        (signing.CONTENT_DIGEST, f"sha-256={hashlib.sha256(b'other').hexdigest()}"),
        (signing.MESSAGE_ID, "PO-2"),
        (signing.SIGNATURE, "hmac-sha256=" + "0" * 64),
        (signing.SIGNATURE, "hmac-sha256="),
        (signing.SIGNATURE, "hmac-sha256=Äöü"),
    ],
)
def test_whatever_is_changed_after_signing_breaks_the_signature(
    authenticator: Authenticator, name: str, value: str
) -> None:
    assert _refusal(authenticator, {**_signed(), name: value}) == "auth.signature"


def test_method_and_target_are_signed(authenticator: Authenticator) -> None:
    assert _refusal(authenticator, _signed(), method="PUT") == "auth.signature"
    assert _refusal(authenticator, _signed(), target="/v1/messages?x=2") == "auth.signature"


@pytest.mark.parametrize("partner", ["nobody", "closed"])
def test_a_good_signature_of_an_unknown_partner_is_refused(
    authenticator: Authenticator, partner: str
) -> None:
    assert _refusal(authenticator, _signed(partner=partner)) == "auth.unknown"


def test_a_partner_without_a_secret_cannot_be_signed_for(authenticator: Authenticator) -> None:
    assert _refusal(authenticator, _signed(partner="no-secret", secret=b"")) == "auth.signature"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (signing.NONCE, "short"),
        (signing.NONCE, "n" * 65),
        (signing.NONCE, "spaces are not"),
        (signing.TIMESTAMP, "\uff11" * 10),
        (signing.TIMESTAMP, "1_772_452_800"),
        (signing.TIMESTAMP, "-1"),
        (signing.CONTENT_DIGEST, "md5=" + "0" * 32),
        (signing.CONTENT_DIGEST, "sha-256=" + "0" * 63),
    ],
)
def test_malformed_headers_are_refused_before_anything_is_computed(
    authenticator: Authenticator, name: str, value: str
) -> None:
    headers = {**_signed(), name: value.encode().decode("latin-1")}
    assert _refusal(authenticator, headers) == "auth.missing"


def test_a_header_given_twice_is_refused(authenticator: Authenticator) -> None:
    doubled = [*_raw(_signed()), (b"x-jicai-partner", b"key-holder")]
    with pytest.raises(Refused, match=r"auth\.missing"):
        authenticator.admit("POST", TARGET, doubled, NOW)


@pytest.mark.parametrize(
    ("late", "admitted"), [(300, True), (301, False), (-300, True), (-301, False)]
)
def test_the_window_is_three_hundred_seconds_to_either_side(
    authenticator: Authenticator, late: int, admitted: bool
) -> None:
    now = NOW + timedelta(seconds=late)
    if admitted:
        assert _admit(authenticator, _signed(), now=now).partner.id == "signer"
    else:
        assert _refusal(authenticator, _signed(), now=now) == "auth.window"


def test_who_cannot_sign_learns_nothing_about_the_window(authenticator: Authenticator) -> None:
    headers = _signed(secret=b"wrong", timestamp=SECONDS - 9999)
    assert _refusal(authenticator, headers) == "auth.signature"


def test_a_remembered_nonce_is_refused_for_its_partner_only(authenticator: Authenticator) -> None:
    authenticator.remember(_admit(authenticator, _signed()), NOW)
    assert _refusal(authenticator, _signed()) == "auth.replayed"
    other = _signed(partner="sm3-signer", algorithm="hmac-sm3")
    assert _admit(authenticator, other).partner.id == "sm3-signer"


def test_a_request_from_the_future_stays_remembered_until_it_is_too_old(
    authenticator: Authenticator,
) -> None:
    ahead = _signed(timestamp=SECONDS + WINDOW)
    authenticator.remember(_admit(authenticator, ahead), NOW)
    last = NOW + timedelta(seconds=2 * WINDOW - 1)
    assert _refusal(authenticator, ahead, now=last) == "auth.replayed"


def test_old_nonces_are_forgotten_so_that_memory_stays_bounded(
    authenticator: Authenticator,
) -> None:
    authenticator.remember(_admit(authenticator, _signed()), NOW)
    later = NOW + timedelta(seconds=2 * WINDOW + 1)
    fresh = _signed(nonce="nonce-0002", timestamp=int(later.timestamp()))
    authenticator.remember(_admit(authenticator, fresh, now=later), later)
    assert len(authenticator._seen) == 1


def test_the_body_must_have_the_digest_that_was_signed(authenticator: Authenticator) -> None:
    caller = _admit(authenticator, _signed())
    good, bad = caller.body_hash(), caller.body_hash()
    assert good is not None
    assert bad is not None
    good.update(BODY)
    bad.update(BODY + b" ")
    caller.check_body(good)
    with pytest.raises(Refused, match=r"auth\.digest"):
        caller.check_body(bad)


def test_an_upper_case_digest_is_the_same_digest(authenticator: Authenticator) -> None:
    caller = Caller(_partner("signer", "hmac_sha256"), digest=f"sha-256={'AB' * 32}")
    found = caller.body_hash()
    assert found is not None
    with pytest.raises(Refused):
        caller.check_body(found)
    upper = Caller(caller.partner, digest=f"sha-256={hashlib.sha256(b'').hexdigest().upper()}")
    upper.check_body(hashlib.sha256(b""))


@given(st.binary(max_size=40), st.binary(max_size=40), st.sampled_from(sorted(signing.MACS)))
def test_different_bodies_have_different_signatures(
    first: bytes, second: bytes, algorithm: signing.Algorithm
) -> None:
    one = _signed(body=first, algorithm=algorithm)
    other = _signed(body=second, algorithm=algorithm)
    assert (one == other) == (first == second)


def test_signing_draws_a_fresh_nonce_of_the_accepted_form() -> None:
    drawn = {_signed(nonce="")[signing.NONCE] for _ in range(20)}
    assert len(drawn) == 20
    assert all(signing.NONCE_FORM.fullmatch(each) for each in drawn)
