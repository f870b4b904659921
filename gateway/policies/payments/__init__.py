"""货款: prepayments, payment clocks, budgets and the ledgers behind them (R2, R3, R14)."""
