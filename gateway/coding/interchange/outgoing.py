"""导出: a view of the crosswalk into a file, or to standard output."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

from gateway.coding.crosswalk import Crosswalk
from gateway.coding.interchange.concept_map import MapHead, write_concept_map
from gateway.coding.interchange.flat import write_csv, write_xlsx
from gateway.coding.interchange.views import View, viewed


def write_view(
    crosswalk: Crosswalk,
    view: View,
    form: str,
    output: Path | None,
    *,
    now: datetime,
    safe: bool = True,
) -> int:
    """Write a view as csv, xlsx or fhir; return how many versions. A file is there whole or not at all.

    `output` None is standard output (not for xlsx). Raises OSError.
    """
    versions = viewed(crosswalk, view)
    if form == "xlsx":
        if output is None:
            raise ValueError("xlsx needs a file")
        with _beside(output) as path:
            return write_xlsx(versions, path)
    with _opened(output) as file:
        if form == "fhir":
            return write_concept_map(versions, file, head_of(crosswalk, view, now))
        text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
        try:
            return write_csv(versions, text, safe=safe)
        finally:
            text.detach()


def head_of(crosswalk: Crosswalk, view: View, now: datetime) -> MapHead:
    """Return what a ConceptMap of this view says of itself."""
    named = ":".join(filter(None, (view.partner or "all", view.kind)))
    said = [f"r{crosswalk.revision}"]
    said += [f"on-{view.on}"] if view.on else []
    said += [f"known-{view.known_at}"] if view.known_at else []
    at = now.replace(microsecond=0).isoformat()
    return MapHead(f"urn:jicai:crosswalk:{named}", "-".join(said), at)


@contextmanager
def _opened(output: Path | None) -> Iterator[IO[bytes]]:
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.flush()
        return
    with _beside(output) as path, path.open("wb") as file:
        yield file
        file.flush()
        if path != output:
            os.fsync(file.fileno())


@contextmanager
def _beside(output: Path) -> Iterator[Path]:
    """Give a path beside the output; it takes the output's place when all was written.

    A device or a pipe is written to as it stands: nothing may take its place.
    """
    if output.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(output))
    if output.exists() and not output.is_file():
        yield output
        return
    if not output.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(output.parent))
    path = output.with_name(f".{output.name}.next")
    try:
        yield path
        path.replace(output)
    finally:
        path.unlink(missing_ok=True)
