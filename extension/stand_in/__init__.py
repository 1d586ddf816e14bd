"""Takes the place of the Datadog extension in images that are built where its own image cannot be had."""
