"""What run.sh, build.sh and test.sh need besides the shell. Standard library only."""
