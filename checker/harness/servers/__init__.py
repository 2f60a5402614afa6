"""One file a server: how it is started, and nothing else about it."""
