"""标准语言: the canonical language that every system is translated into.

Models, codes and money only: no I/O, no framework. Start at `envelope.py` (what travels), then
`events.py` (the one list of message types), then one file per family.
"""
