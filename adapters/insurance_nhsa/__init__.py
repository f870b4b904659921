"""医保信息平台: the insurance side, spoken to in its infno envelope (3501, 3505 and notices of ours)."""
