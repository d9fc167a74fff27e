"""The queues: hints are sent to the queue of their object, malformed messages to a dead-letter queue."""
