"""Objects that are kept in the Engine: records, and what may be referred to in them."""
