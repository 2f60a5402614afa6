"""Your work: the addresses of this app, below a tenant's: `feed/`."""
