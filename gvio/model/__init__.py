"""The SA-CNN: shapes in, shapes out."""
