"""Functions that stand in for the weblog where a test needs one that misbehaves."""
