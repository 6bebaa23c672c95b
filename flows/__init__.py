"""Prefect flows: schedule, retries and a record of the outcome. No logic of the domain."""
