"""统一编码: what a partner's code means on a day; unknown codes hold."""
