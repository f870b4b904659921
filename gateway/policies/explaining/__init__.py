"""结论说明: a conclusion as a tree of its causes, in text, data and pictures."""
