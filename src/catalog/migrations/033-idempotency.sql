-- Requests that carried a key of their own, so that the same one, sent again, is not done again. Only the owner reads and writes it.
CREATE TABLE holdfast.answers (
  -- Who sent it, as the claims call them.
  subject text NOT NULL,
  key text NOT NULL,
  -- The request's hash, and, when it is done, its answer: sealed, since both may hold secrets.
  request bytea NOT NULL,
  answer bytea,
  created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  PRIMARY KEY (subject, key)
);
CREATE INDEX answers_oldest ON holdfast.answers (created_at);
ALTER TABLE holdfast.answers ENABLE ROW LEVEL SECURITY;
