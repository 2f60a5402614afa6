"""Commands that have files of their own, and the arguments that all commands share; the app is cli.py."""
