"""Git repositories: objects, names, what commits introduced, what the next commit adds. Git runs in one place."""
