"""采购进度: monthly and quarterly measuring, warnings, holds, publications, roll-ups (R4)."""
