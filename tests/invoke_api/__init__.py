"""Tests of the Invoke API."""
