"""What makes a file safe to write and to read: whole files, locks, strangers' files."""
