-- The application's role: may read and append to the ledger, and owns the disposable read models.
-- Roles belong to the whole server: several databases may be migrated at once, so an existing role is no error.
DO $$
BEGIN
    FOR attempt IN 1..20 LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mastery_app') THEN
                CREATE ROLE mastery_app LOGIN;
            END IF;
            IF NOT pg_has_role(current_user, 'mastery_app', 'USAGE') THEN
                GRANT mastery_app TO current_user;
            END IF;
            RETURN;
        EXCEPTION WHEN duplicate_object OR unique_violation OR internal_error THEN
            PERFORM pg_sleep(0.05);
        END;
    END LOOP;
    RAISE EXCEPTION 'role mastery_app could not be made';
END
$$;
