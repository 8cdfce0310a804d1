"""Reports: blocks of text, tables and figures in one template, and plots drawn as SVG."""
