"""接口: translation, one folder per interface; `registry.py` is the one list.

To add an interface: a folder with `interface.toml`, `inbound.py`, `outbound.py`, `wire.*`, `samples/`,
`simulator.py`, and one line in `registry.py`. Read `_kit/protocol.py` for what the folder offers.
"""
