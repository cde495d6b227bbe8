"""One Lambda handler a file; each file is complete in itself, so that it deploys alone."""
