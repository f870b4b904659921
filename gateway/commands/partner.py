"""jicai partner: the partner organisations in `partners.toml`."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from gateway.commands.terminal import (
    AsJson,
    home_of,
    load_settings,
    note,
    print_json,
    print_table,
    writing,
)
from gateway.errors import Misconfigured
from gateway.partners import FILE, Partner, Partners
from gateway.toml_tables import parse_tables, read_text

app = typer.Typer(help="对接方 partner organisations", no_args_is_help=True)
SECRET_BYTES: Final = 32
_FORMS: Final = {
    "id": (
        "[a-z][a-z0-9-]{1,62}",
        "应为小写字母、数字、连字符 lower-case letters, digits, hyphens",
    ),
    "name": (r"\S[^\x00-\x1f\x7f]*", "应有名称,不含控制字符 a name without control characters"),
    "region": ("[0-9]{6}", "应为六位行政区划代码 six digits of GB/T 2260"),
    "auth": ("hmac_sha256|hmac_sm3|api_key", "应为 one of hmac_sha256, hmac_sm3, api_key"),
}


@app.command("list")
def list_partners(*, as_json: AsJson = False) -> None:
    """列出对接方 list the partners; secrets are never shown."""
    partners = Partners.load(home_of(load_settings()))
    if as_json:
        print_json([one.model_dump() for one in partners])
        return
    columns = ("编号 id", "名称 name", "接口 interface", "地区 region", "认证 auth", "下发 url")
    print_table(columns, map(_row, partners))


def _row(one: Partner) -> tuple[str, ...]:
    name = one.name if one.enabled else f"{one.name} (停用 disabled)"
    return (one.id, name, one.interface, one.region, one.auth, one.url or "–")


@app.command()
def add(
    partner_id: str,
    name: Annotated[str, typer.Option(help="名称")],
    interface: Annotated[str, typer.Option(help="接口名, see `jicai check`")],
    region: Annotated[str, typer.Option(help="GB/T 2260 六位区划")],
    *,
    auth: Annotated[str, typer.Option(help="hmac_sha256 | hmac_sm3 | api_key")] = "hmac_sha256",
    url: Annotated[str, typer.Option(help="下发地址")] = "",
    sender_id: Annotated[list[str] | None, typer.Option(help="报文中的自称, e.g. MSH-4")] = None,
    as_json: AsJson = False,
) -> None:
    """新增对接方 add a partner and make its secret; the secret is shown once."""
    home = load_settings().home
    record = {"id": partner_id, "name": name, "interface": interface, "region": region}
    record |= {"auth": auth, "url": url}
    secret = secrets.token_hex(SECRET_BYTES)
    with writing(home):
        text = _with_record(home, record, sender_id or [])
        # the secret first: a running gateway that sees the partner must be able to know it
        _keep_secret(home, partner_id, secret)
        _replace(home / FILE, text)
    if as_json:
        print_json({"id": partner_id, "secret": secret})
    else:
        note(f"已新增 {partner_id}; 密钥只显示这一次 added, the secret is shown once:")
        typer.echo(secret)


def _with_record(home: Path, record: dict[str, str], sender_ids: list[str]) -> str:
    """Return partners.toml with one more record. Raises Misconfigured, with every finding."""
    home.mkdir(parents=True, exist_ok=True)
    before = read_text(home / FILE)
    _parsed(before)
    lines = [f"{field} = {_quoted(value)}" for field, value in record.items() if value]
    if sender_ids:
        lines.append(f"sender_ids = [{', '.join(map(_quoted, sender_ids))}]")
    text = (before.rstrip() + "\n\n" if before else "") + "[[partner]]\n" + "\n".join(lines) + "\n"
    found = list(_findings(record, _parsed(before)))
    if not found:
        listed = _parsed(text)
        found = _address_findings(listed[record["id"]])
    if found:
        raise Misconfigured(*found)
    return text


def _parsed(text: str) -> dict[str, Partner]:
    return Partners.parse(parse_tables(text, FILE))


def _findings(record: Mapping[str, str], listed: Mapping[str, Partner]) -> Iterator[str]:
    from gateway.bootstrap import known_interfaces  # noqa: PLC0415 - adapters load slowly

    for field, (pattern, said) in _FORMS.items():
        if re.fullmatch(pattern, record[field]) is None:
            yield f"{field} {record[field]!r}: {said}"
    if record["id"] in listed:
        yield f"id {record['id']}: {FILE} 中已有此对接方 is already listed"
    known = known_interfaces()
    if record["interface"] not in known:
        names = ", ".join(sorted(known))
        yield f"interface {record['interface']!r}: 没有此接口 no such interface; known: {names}"


def _address_findings(partner: Partner) -> list[str]:
    from gateway.bootstrap import known_interfaces  # noqa: PLC0415 - adapters load slowly
    from gateway.delivery.address import address_findings  # noqa: PLC0415

    if not partner.url:
        return []
    return address_findings(partner, known_interfaces()[partner.interface])


def _keep_secret(home: Path, partner_id: str, secret: str) -> None:
    folder = home / "secrets"
    folder.mkdir(mode=0o700, exist_ok=True)
    key = folder / f"{partner_id}.key"
    key.touch(mode=0o600)
    key.write_text(secret + "\n", encoding="ascii")


def _replace(path: Path, text: str) -> None:
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def _quoted(value: str) -> str:
    """Return a TOML string: JSON's, with the one control character that JSON leaves as it is."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
