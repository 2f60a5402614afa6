"""Which release this is. A deployment replaces this file, and others."""

RELEASE = "1"
