"""供应配送: distributors, deliveries, makers' reports, shortages, substitutions (R9, R12)."""
