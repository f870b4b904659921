"""jicai partner: the partner organisations in `partners.toml`."""

from __future__ import annotations

import secrets
import tomllib
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from gateway.commands.terminal import AsJson, load_settings, print_json
from gateway.errors import Misconfigured
from gateway.partners import Partners

app = typer.Typer(help="对接方 partner organisations", no_args_is_help=True)
SECRET_BYTES = 32


@app.command("list")
def list_partners(*, as_json: AsJson = False) -> None:
    """列出对接方 list the partners; secrets are never shown."""
    partners = Partners.load(load_settings().home)
    if as_json:
        print_json([one.model_dump() for one in partners])
        return
    table = Table("编号 id", "名称 name", "接口 interface", "地区 region", "认证 auth", "下发 url")
    for one in partners:
        name = one.name if one.enabled else f"{one.name} (停用 disabled)"
        table.add_row(one.id, name, one.interface, one.region, one.auth, one.url or "–")
    Console().print(table)


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
    _known_interface(interface)
    _append(home, record, sender_id or [])
    secret = secrets.token_hex(SECRET_BYTES)
    folder = home / "secrets"
    folder.mkdir(mode=0o700, exist_ok=True)
    key = folder / f"{partner_id}.key"
    key.touch(mode=0o600)
    key.write_text(secret + "\n", encoding="ascii")
    if as_json:
        print_json({"id": partner_id, "secret": secret})
    else:
        typer.echo(f"已新增 {partner_id}; 密钥只显示这一次 the secret, shown once:\n{secret}")


def _known_interface(interface: str) -> None:
    from gateway.bootstrap import known_interfaces  # noqa: PLC0415 - adapters load slowly

    known = known_interfaces()
    if interface not in known:
        raise Misconfigured(f"interface {interface!r} is not one of {', '.join(sorted(known))}")


def _append(home: Path, record: dict[str, str], sender_ids: list[str]) -> None:
    """Add the record to partners.toml; nothing is written unless the whole file then loads."""
    home.mkdir(parents=True, exist_ok=True)
    path = home / "partners.toml"
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    lines = [f"{field} = {_quoted(value)}" for field, value in record.items() if value]
    if sender_ids:
        lines.append(f"sender_ids = [{', '.join(map(_quoted, sender_ids))}]")
    text = (before.rstrip() + "\n\n" if before else "") + "[[partner]]\n" + "\n".join(lines) + "\n"
    draft = home / "partners.toml.new"
    draft.write_text(text, encoding="utf-8")
    try:
        Partners.parse(tomllib.loads(text), path.name)
    except Misconfigured:
        draft.unlink()
        raise
    draft.replace(path)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
