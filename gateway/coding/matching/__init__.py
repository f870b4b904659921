"""候选: which unified codes a partner's code may mean, ranked, with the evidence for each field."""
