"""Who writes exercises: making one, linting the files, proving the graders."""
