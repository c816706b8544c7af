"""The way from any earlier schema to the present one, by alembic."""
