"""Dockerfiles, read as docker reads them; and in `inside/` the network that a container's programs see."""
