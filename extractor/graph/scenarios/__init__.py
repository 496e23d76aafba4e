"""Scenarios: Dynamic diagrams whose steps are queries over the graph, each step with the evidence that it matched."""

from extractor.graph.scenarios.definition import Definition, StepQuery, load_scenarios, read_scenario
from extractor.graph.scenarios.steps import scenarios

__all__ = ["Definition", "StepQuery", "load_scenarios", "read_scenario", "scenarios"]
