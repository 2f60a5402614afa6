"""Who learns: the workspace, the progress, and what each command does with them."""
