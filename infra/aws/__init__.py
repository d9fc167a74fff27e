"""What is needed around a deployment to AWS: what it costs, and how to attach what a removed stack left."""
