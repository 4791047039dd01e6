-- The trail knows of people: accounts, sign-ins and sign-outs, links that were given and used, providers. What changes by itself is left
-- out: when a key or a session was last used, the step of the last code, and a hash that is made anew of the same password, since a
-- new password has a new password_at.
SELECT holdfast.audit_watch('people', 'always', 'password', 'signed_in_at', 'totp_step');
SELECT holdfast.audit_watch('sessions', 'always', 'last_seen_at');
SELECT holdfast.audit_watch('links', 'always');
SELECT holdfast.audit_watch('providers', 'always');

DROP TRIGGER audit ON holdfast.api_keys;
SELECT holdfast.audit_watch('api_keys', 'always', 'last_used_at');
