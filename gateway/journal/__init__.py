"""留痕: the journal. What is committed here is true; everything else is made from it.

`chain.py` how entries are numbered and hashed · `identities.py` keys and checks of what is handed in ·
`plan.py` what a group of commits becomes · `group.py` concurrent commits share one transaction ·
`sqlite*.py` and `postgres*.py` the two databases · `opening.py` which one.
"""
