"""探测: can Kafka be reached, for `jicai check`."""

from __future__ import annotations

from gateway.bus.kafka_topics import connect
from gateway.errors import Unavailable


async def unreachable(bootstrap: str) -> list[str]:
    """Return one finding when no broker answers at `bootstrap` within 15 s, else []."""
    try:
        admin = await connect(bootstrap)
    except Unavailable as error:
        return [str(error)]
    await admin.close()
    return []
