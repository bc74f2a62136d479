"""Forecast calls: what reps and managers say a period will bring, beside what deals, quotas and the model say."""
