"""Your work: the addresses of this app, below a tenant's: `rooms/<int:id>/`."""
