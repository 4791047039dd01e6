-- Repositories that are an archive which was uploaded, a file of the service's own.

ALTER TABLE holdfast.repositories ADD COLUMN kind text NOT NULL DEFAULT 'ordinary' CHECK (kind IN ('ordinary', 'upload'));
-- As the archive says it: whose it is, a person must compare.
ALTER TABLE holdfast.repositories ADD COLUMN owner_key text;
GRANT SELECT (kind, owner_key) ON holdfast.repositories TO holdfast_api;
