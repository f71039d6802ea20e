-- Writes the marker of this very database, armed from now on by the server's clock.
-- Superusers are often shared: who they were on the client's side says more.
-- Privileges: the owner's, and EXECUTE on pg_control_system (everybody's, unless it was
-- revoked). Oldest server: 13.
INSERT INTO sequence_agent.environment AS e (
    environment,
    system_identifier,
    database_oid,
    database_name,
    armed_until,
    armed_by,
    armed_at
)
SELECT
    %(environment)s,
    control.system_identifier,
    d.oid,
    d.datname,
    clock.now + make_interval(secs => %(seconds)s),
    session_user || ' (' || concat_ws(
        ' ',
        %(os_user)s::text,
        'from',
        coalesce(host(inet_client_addr()), 'the server itself')
    ) || ')',
    clock.now
FROM
    pg_control_system() AS control
    CROSS JOIN clock_timestamp() AS clock (now)
    INNER JOIN pg_database AS d ON d.datname = current_database()
ON CONFLICT (singleton) DO UPDATE SET
    environment = excluded.environment,
    system_identifier = excluded.system_identifier,
    database_oid = excluded.database_oid,
    database_name = excluded.database_name,
    armed_until = excluded.armed_until,
    armed_by = excluded.armed_by,
    armed_at = excluded.armed_at
RETURNING
    e.environment,
    e.protected,
    e.system_identifier,
    e.database_oid,
    e.database_name,
    e.armed_until,
    e.armed_by,
    e.armed_at
