"""The programs behind run.sh and build.sh."""
