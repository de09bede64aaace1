"""Manifests on their way in: checked against schema and rules, typed, merged with what lives."""
