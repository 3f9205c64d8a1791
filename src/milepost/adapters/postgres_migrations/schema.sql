-- The ledger as it is today. The migrations in versions/ lead to the same; a test compares them.

CREATE TABLE milepost.stream (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    hash bytea NOT NULL,
    UNIQUE (project, name)
) WITH (fillfactor = 50);
COMMENT ON TABLE milepost.stream IS 'Runs, each with the version and the hash of its last event.';

CREATE TABLE milepost.event (
    stream_id bigint NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    position bigint GENERATED ALWAYS AS IDENTITY,
    kind text NOT NULL,
    v smallint NOT NULL,
    payload text NOT NULL,
    hash bytea NOT NULL,
    append_id bigint NOT NULL,
    PRIMARY KEY (stream_id, version)
);
COMMENT ON TABLE milepost.event IS 'What happened. append_id tells the append that brought an event from any other.';

CREATE FUNCTION milepost.refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'events are never updated or deleted'; END $$;

CREATE TRIGGER event_is_for_ever BEFORE UPDATE OR DELETE OR TRUNCATE ON milepost.event
FOR EACH STATEMENT EXECUTE FUNCTION milepost.refuse();
CREATE TRIGGER stream_is_for_ever BEFORE DELETE OR TRUNCATE ON milepost.stream
FOR EACH STATEMENT EXECUTE FUNCTION milepost.refuse();
