"""Datadog's test agent in place of the extension: takes traces and metrics, and shows them in a browser."""
