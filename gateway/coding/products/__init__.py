"""产品: what a product is, under which codes others know it, and how its packs convert."""
