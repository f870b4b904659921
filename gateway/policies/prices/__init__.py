"""价格: listings, the price book, linkage, eligibility, payment standards, retail (R6, R7, R11)."""
