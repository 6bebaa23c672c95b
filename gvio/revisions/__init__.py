"""Why and by how much a published number changes: evidence of an estimate, exchange of inputs, vintages. Pure."""
