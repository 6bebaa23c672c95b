"""One module per stage of the monthly run: the context and typed inputs in, one typed artifact out."""
