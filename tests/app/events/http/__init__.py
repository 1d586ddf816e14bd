"""Tests of the HTTP event types (R1 to R117: docs/events.md)."""
