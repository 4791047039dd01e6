-- A repository may be kept in several places: the addresses of its other copies, as --repo takes them.
ALTER TABLE holdfast.repositories ADD COLUMN copies text[] NOT NULL DEFAULT '{}';
GRANT SELECT (copies) ON holdfast.repositories TO holdfast_api;
