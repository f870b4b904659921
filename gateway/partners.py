"""对接方: partner organisations as data (`partners.toml`), with their secrets kept apart.

Three hundred hospitals on one interface are three hundred entries here and one folder in adapters/.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from gateway.errors import Misconfigured
from gateway.toml_tables import by_id, check_tables, read_tables
from schemas.codes import Region

FILE: Final = "partners.toml"
PartnerId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,62}$")]


class Partner(BaseModel):
    """One organisation: what it speaks, how it proves itself, what it may say, how it is reached."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: PartnerId
    name: str
    interface: str
    region: Region
    auth: Literal["api_key", "hmac_sha256", "hmac_sm3"] = "hmac_sha256"
    may_send: tuple[str, ...] = Field(
        default=(), description="canonical types; empty: all of its interface"
    )
    sender_ids: tuple[str, ...] = Field(
        default=(),
        description="how it names itself inside messages (MSH-4, Head/Sender); empty: unchecked",
    )
    uncoded: Literal["hold", "reject"] = "hold"
    native_codes: tuple[Literal["product", "institution", "enterprise"], ...] = Field(
        default=(), description="kinds for which this partner already speaks unified codes"
    )
    url: str = Field(default="", description="base URL for deliveries; empty: nothing is delivered")
    settings: dict[str, str] = Field(
        default_factory=dict, description="for its interface's adapter"
    )
    enabled: bool = True


class Partners:
    """The partners by id, with their secrets. Immutable: a change is a new object."""

    def __init__(self, listed: Mapping[str, Partner], secrets: Mapping[str, bytes]) -> None:
        self._listed = dict(listed)
        self._secrets = dict(secrets)

    def __iter__(self) -> Iterator[Partner]:
        return iter(self._listed.values())

    def __len__(self) -> int:
        return len(self._listed)

    def get(self, partner_id: str) -> Partner | None:
        """Return the enabled partner with this id."""
        found = self._listed.get(partner_id)
        return found if found is not None and found.enabled else None

    def secret(self, partner_id: str) -> bytes:
        """Return a partner's secret; b"" where it has none."""
        return self._secrets.get(partner_id, b"")

    def on_interface(self, interface: str) -> list[Partner]:
        """Return the enabled partners that speak an interface."""
        return [one for one in self._listed.values() if one.interface == interface and one.enabled]

    @classmethod
    def load(cls, home: Path) -> Partners:
        """Read `partners.toml` and `secrets/<id>.key` under `home`.

        Raises Misconfigured with every finding (file, partner, field).
        """
        listed = cls.parse(read_tables(home / FILE))
        secrets = {
            key.stem: key.read_bytes().strip() for key in sorted((home / "secrets").glob("*.key"))
        }
        return cls(listed, secrets)

    @staticmethod
    def parse(given: Mapping[str, Any]) -> dict[str, Partner]:
        """Return the partners of a parsed file by id. Raises Misconfigured with every finding."""
        sound, findings = check_tables(given, "partner", FILE, Partner)
        listed = by_id((one for _, one in sound), "partner", FILE, findings)
        if findings:
            raise Misconfigured(*findings)
        return listed
