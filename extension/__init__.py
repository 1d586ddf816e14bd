"""The Datadog extension beside the function: what watches over the real one, and what can take its place."""
