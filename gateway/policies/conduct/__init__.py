"""行为: self-filed and off-platform purchases, prescribing, credit records (R10, R13)."""
