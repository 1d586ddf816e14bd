"""The image: built for real, run for real."""
