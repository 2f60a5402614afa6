"""What units, Dockerfiles and supervisord have in common: programs of another machine, and families of processes."""
