"""The MLLP door behind TLS."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from pathlib import Path

import pytest

from adapters.his_hl7v2.simulator import MllpClient
from gateway.intake.mllp_frames import framed
from tests.unit.intake.mllp_door import door, line_to


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A throw-away key and certificate for 127.0.0.1 in one file."""
    folder = tmp_path_factory.mktemp("tls")
    pem, key = folder / "both.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(pem)]
    subprocess.run(command, check=True, capture_output=True)
    pem.write_text(pem.read_text() + key.read_text())
    return pem


async def test_messages_travel_over_tls_and_plain_text_does_not(certificate: Path) -> None:
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate)
    asking = ssl.create_default_context(cafile=str(certificate))
    async with door(tls=serving, idle_timeout=1.0) as listener:
        async with MllpClient("127.0.0.1", listener.port, tls=asking) as client:
            assert await client.send(b"one") == b"ACK one"
        async with line_to(listener) as line:
            await line.put(framed(b"plain"))
            with pytest.raises((asyncio.IncompleteReadError, ConnectionError, AssertionError)):
                await line.answer()
