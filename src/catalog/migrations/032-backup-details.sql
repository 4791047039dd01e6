-- What is in a backup, as `holdfast show` tells it: it never changes, and reading it takes a job.
CREATE TABLE holdfast.backup_details (
  repository_id uuid NOT NULL,
  backup_id text NOT NULL,
  details jsonb NOT NULL,
  read_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  PRIMARY KEY (repository_id, backup_id),
  FOREIGN KEY (repository_id, backup_id) REFERENCES holdfast.backups ON DELETE CASCADE
);

-- Whoever sees a backup sees what is in it.
ALTER TABLE holdfast.backup_details ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON holdfast.backup_details TO holdfast_api;
CREATE POLICY read ON holdfast.backup_details FOR SELECT TO holdfast_api
  USING (EXISTS (SELECT FROM holdfast.backups AS b WHERE b.repository_id = backup_details.repository_id AND b.id = backup_id));
