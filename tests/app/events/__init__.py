"""Tests of the HTTP event types."""
