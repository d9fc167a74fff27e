"""What turns the services into Lambda functions: configuration, logs, batches, HTTP, and the wiring of adapters."""
