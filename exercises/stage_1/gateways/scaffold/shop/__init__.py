"""A finished Django project. It does not know which of the three doors its requests come through."""
