"""Starts graders, hears them, and comes to a verdict."""
