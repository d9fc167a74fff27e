"""The application's secrets, from AWS Secrets Manager."""
