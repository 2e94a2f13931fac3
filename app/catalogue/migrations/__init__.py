"""The history of the tables, a revision a file in `versions/`.

To change a table, change `tables.py` and add the revision that brings older catalogues there; its id is the number in its
file's name, `down_revision` the one before. A test compares what the revisions make with `tables.py`. A revision runs on SQLite
and on PostgreSQL, as one transaction with all others that a catalogue lacks; on SQLite it changes columns in
`op.batch_alter_table`.
"""
