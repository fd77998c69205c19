"""The command line. Only click is imported here; everything heavy loads inside a command."""
