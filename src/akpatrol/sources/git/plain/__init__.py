"""Small repositories read without git, as long as everything in them is plain; in doubt git answers."""
