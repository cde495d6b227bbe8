"""A coffee shop on AWS's durable-execution emulator, served as a Lambda endpoint on 127.0.0.1."""
