"""The process around a job: what it prints, the libraries that it imports, and how it ends."""
