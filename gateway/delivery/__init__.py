"""下发: every conclusion to whoever must know it, in order, with a receipt."""
