"""Operation: what runs beside gvio, and never inside it."""
