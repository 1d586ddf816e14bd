"""Tests of the event source mappings."""
