-- A second person is another one: keys count as whoever made them.

-- Whose a caller is: of a key the person, or the first key, that it was made by, directly or by other keys; of all others themselves.
CREATE FUNCTION holdfast.owner_of(subject text) RETURNS text
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
AS $$
  WITH RECURSIVE makers (maker, far) AS (
    SELECT subject, 0
    UNION ALL
    SELECT k.created_by, m.far + 1 FROM makers AS m JOIN holdfast.api_keys AS k ON m.maker = 'key:' || k.id::text
    WHERE k.created_by IS NOT NULL
  ) SELECT maker FROM makers ORDER BY far DESC LIMIT 1
$$;
REVOKE EXECUTE ON FUNCTION holdfast.owner_of(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION holdfast.owner_of(text) TO holdfast_api;

ALTER POLICY change ON holdfast.approvals
  USING (
    (SELECT holdfast.scope_of('approvals', 'change')) = 'all'
    AND status = 'pending' AND expires_at > pg_catalog.now()
    AND holdfast.owner_of(requested_by) <> (SELECT holdfast.owner_of(holdfast.claims() ->> 'subject'))
  );
