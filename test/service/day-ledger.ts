import type { Queries } from '../../src/catalog/database.ts'
import type { DayClock } from './day-clock.ts'

/*
 * What happens in the catalog in a day, written down by triggers in the transactions in which it happens, so that no process that dies
 * can keep it to itself, with the times at which these were committed. The triggers also put the times of jobs into those of the day.
 * Leases stay real.
 */

/** Times of the day; `begun` and `committed` are the machine's, of the transaction. All in ms since 1970. */
interface Entry extends Record<string, unknown> {
  readonly begun: number
  readonly committed: number
}

/** A job came to be or changed its state. */
export interface JobChange extends Entry {
  readonly job: string
  readonly schedule: string | null
  readonly about: string
  readonly source: string | null
  readonly repository: string | null
  readonly kind: string
  readonly name: string | null
  readonly status: string
  readonly attempt: number
  readonly code: string | null
  /** When it was. */
  readonly at: number
  /** Null while it is not over. */
  readonly ended: number | null
  readonly started: number | null
}

/** The scheduler did something about a schedule that was due. */
export interface Decision extends Entry {
  readonly schedule: string
  readonly was: number
  readonly was_due: number
  readonly next: number
  readonly due: number
  /** False: it was left out. */
  readonly ran: boolean
  /** The scheduler's time. */
  readonly at: number
}

/** What is was compared with what should be. */
export interface Look extends Entry {
  readonly at: number
}

export interface Ledger {
  readonly jobs: readonly JobChange[]
  readonly decisions: readonly Decision[]
  readonly looks: readonly Look[]
}

export async function keepLedger({ query }: Queries, clock: DayClock): Promise<void> {
  await query(`
    CREATE SCHEMA day;
    CREATE FUNCTION day.virtual() RETURNS timestamptz LANGUAGE sql VOLATILE SET search_path = '' RETURN
      pg_catalog.to_timestamp(${clock.virtual}::float8 / 1000)
        + (pg_catalog.clock_timestamp() - pg_catalog.to_timestamp(${clock.real}::float8 / 1000)) * ${clock.factor}::float8;
    CREATE TABLE day.jobs (number bigint GENERATED ALWAYS AS IDENTITY, begun timestamptz DEFAULT now(), job uuid, schedule uuid,
      about text, source uuid, repository uuid, kind text, name text, status text, attempt integer, code text, at timestamptz,
      ended timestamptz, started timestamptz);
    CREATE TABLE day.decisions (number bigint GENERATED ALWAYS AS IDENTITY, begun timestamptz DEFAULT now(), schedule uuid,
      was timestamptz, was_due timestamptz, next timestamptz, due timestamptz, ran boolean, at timestamptz);
    CREATE TABLE day.looks (number bigint GENERATED ALWAYS AS IDENTITY, begun timestamptz DEFAULT now(), at timestamptz);

    CREATE FUNCTION day.times() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$ BEGIN
      IF TG_OP = 'INSERT' THEN NEW.created_at := day.virtual(); RETURN NEW; END IF;
      IF NEW.started_at IS DISTINCT FROM OLD.started_at THEN NEW.started_at := day.virtual(); END IF;
      IF NEW.ended_at IS DISTINCT FROM OLD.ended_at THEN NEW.ended_at := day.virtual(); END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER times BEFORE INSERT OR UPDATE ON holdfast.jobs FOR EACH ROW EXECUTE FUNCTION day.times();

    CREATE FUNCTION day.job() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$ BEGIN
      IF TG_OP = 'UPDATE' AND NEW.status = OLD.status AND NEW.attempt = OLD.attempt THEN RETURN NULL; END IF;
      INSERT INTO day.jobs (job, schedule, about, source, repository, kind, name, status, attempt, code, at, ended, started)
      VALUES (NEW.id, NEW.schedule_id, NEW.about, NEW.source_id, NEW.repository_id, NEW.kind, NEW.params ->> 'name', NEW.status,
        NEW.attempt, NEW.error ->> 'code', day.virtual(), NEW.ended_at, NEW.started_at);
      RETURN NULL;
    END $$;
    CREATE TRIGGER job AFTER INSERT OR UPDATE ON holdfast.jobs FOR EACH ROW EXECUTE FUNCTION day.job();

    CREATE FUNCTION day.decision() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$ BEGIN
      INSERT INTO day.decisions (schedule, was, was_due, next, due, ran, at)
      VALUES (NEW.id, OLD.next_run, OLD.due, NEW.next_run, NEW.due, NEW.last_run IS DISTINCT FROM OLD.last_run,
        CASE WHEN NEW.last_run IS DISTINCT FROM OLD.last_run THEN NEW.last_run ELSE NEW.last_skipped END);
      RETURN NULL;
    END $$;
    CREATE TRIGGER decision AFTER UPDATE ON holdfast.schedules FOR EACH ROW WHEN (OLD.enabled AND NEW.enabled)
      EXECUTE FUNCTION day.decision();

    CREATE FUNCTION day.look() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$ BEGIN
      INSERT INTO day.looks (at) VALUES (NEW.at);
      RETURN NULL;
    END $$;
    CREATE TRIGGER look AFTER INSERT OR UPDATE ON holdfast.alarms_look FOR EACH ROW EXECUTE FUNCTION day.look();`)
}

export async function readLedger({ query }: Queries): Promise<Ledger> {
  const ms = (...columns: string[]): string =>
    columns.map((column) => `(EXTRACT(epoch FROM ${column}) * 1000)::float8 AS ${column}`).join(', ')
  const entry = `${ms('begun')}, (EXTRACT(epoch FROM pg_catalog.pg_xact_commit_timestamp(xmin)) * 1000)::float8 AS committed`
  return {
    jobs: await query<JobChange>(
      `SELECT ${entry}, job, schedule, about, source, repository, kind, name, status, attempt, code, ${ms('at', 'ended', 'started')}
       FROM day.jobs ORDER BY number`,
    ),
    decisions: await query<Decision>(
      `SELECT ${entry}, schedule, ran, ${ms('was', 'was_due', 'next', 'due', 'at')} FROM day.decisions ORDER BY number`,
    ),
    looks: await query<Look>(`SELECT ${entry}, ${ms('at')} FROM day.looks ORDER BY number`),
  }
}
