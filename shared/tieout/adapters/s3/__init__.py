"""S3: reports for people."""
