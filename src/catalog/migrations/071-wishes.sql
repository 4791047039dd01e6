-- Whether somebody has chosen a language and a theme: until then the browser that they sit at decides.

ALTER TABLE holdfast.people ADD COLUMN wished boolean NOT NULL DEFAULT false;
UPDATE holdfast.people SET wished = true WHERE language <> 'en' OR theme <> 'system';
GRANT SELECT (wished) ON holdfast.people TO holdfast_api;
