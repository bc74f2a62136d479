"""What happens to a contract: agreed, signed, active, renewed, ended."""
