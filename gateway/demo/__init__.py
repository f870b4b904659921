"""演示: the main job on real public data, as `jicai demo`.

    dataset   facts → findings        plan      who does what, when     letters   bytes in dialects
    stage     home and simulators     courier   real sockets            ledger    what was sent
    play      all of it in order      reconcile to the fen              report    what it came to

Prices, products and volumes are real; institutions and what they do are synthetic and named so.
"""

from __future__ import annotations

from gateway.demo.play import DemoOptions
from gateway.demo.showing import run, run_demo

__all__ = ["DemoOptions", "run", "run_demo"]
