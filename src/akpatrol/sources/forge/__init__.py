"""What forges hold beside code: issues, comments, reviews, releases, logs and artifacts."""
