"""How text becomes findable: encoders, the embedded index, the outbox pipeline, rebuild and check."""
