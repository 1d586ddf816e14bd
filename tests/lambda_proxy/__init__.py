"""Tests of the lambda proxy: each front door against the rules of docs/events.md, by their numbers."""
