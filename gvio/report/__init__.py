"""Pure builders of what people look at: pictures, tables and figures."""
