"""基准: side-by-side figures, made with the program's own rooms."""
