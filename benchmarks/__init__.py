"""How fast and how big `learn` is, beside what bounds it on the same machine, in the same run."""
