"""Pictures of machines: of the class, of an instance that runs, of the path that it took."""

from visualize.diagram import Diagram, diagram
from visualize.export import render, to_dot, to_mermaid, to_text

__all__ = ["Diagram", "diagram", "render", "to_dot", "to_mermaid", "to_text"]
