"""Keeps a broken Datadog extension from stopping the function under the emulator."""
