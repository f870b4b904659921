"""约定采购量: reported, split, agreed and capped volumes, terms of agreements, tender routes (R1, R5, R8, R15)."""
