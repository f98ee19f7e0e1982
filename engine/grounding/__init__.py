"""Whether a text supports a sentence: asked by the answer's own quality control, and by the measures of evaluation."""
