"""The trace agent and its view."""
