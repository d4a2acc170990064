"""From a source, through the analysis, to the outputs."""
