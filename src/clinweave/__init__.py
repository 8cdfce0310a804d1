"""clinweave weaves clinical knowledge into language models, and measures whether it helped.

For research, not for clinical decisions.
"""

__version__ = "0.1.0"
