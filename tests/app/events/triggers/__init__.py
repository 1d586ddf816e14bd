"""Mirrors app/events/triggers."""
