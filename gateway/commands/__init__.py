"""命令: what the `jicai` command does, one file per subject."""
