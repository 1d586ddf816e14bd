"""Mirrors app/capabilities."""
