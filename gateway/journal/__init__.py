"""留痕: the append-only, hash-chained journal. One behavioural suite, two databases."""
