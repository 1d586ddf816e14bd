"""Scripts that people and other scripts call."""
