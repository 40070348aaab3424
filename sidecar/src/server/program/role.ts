import type { Registry } from 'prom-client';
import { buildAdmin } from './admin';
import type { Config, ConfigCheck, Listen } from './config';
import { Listening, listenOn } from './listen';
import type { EnvTable, EnvVariable } from '../../../../src/protocol/env';
import type { Logger, LogLevel } from '../telemetry/log';
import { createRegistry } from '../telemetry/metrics';

/** Every role has an admin listener. */
export type RoleTable = EnvTable & { readonly ADMIN_LISTEN: EnvVariable & { readonly kind: 'listen'; readonly default: string } };

/** What the frame itself reads from a config. The session daemon has no level and no drain of its own. */
export interface CommonConfig {
  readonly ADMIN_LISTEN: Listen;
  readonly LOG_LEVEL?: LogLevel;
  readonly DRAIN_SECONDS?: number;
}

export function commonOf(config: Config<RoleTable>): CommonConfig {
  return config as unknown as CommonConfig;
}

export interface RoleContext<Table extends EnvTable> {
  readonly config: Config<Table>;
  readonly log: Logger;
  readonly registry: Registry;
}

export interface RoleServer {
  /** For the line that says where the role listens. */
  readonly name: string;
  readonly app: ListeningServer;
  readonly listen: Listen;
}

/** What the frame does with a server; one of Fastify is such a server. */
export interface ListeningServer extends Listening {
  /** From now on each answer asks its client to connect anew. */
  drain(): void;
  /** Stops listening, and resolves when what is open has ended. */
  close(): Promise<unknown>;
}

/** A role that is ready to listen. */
export interface StartedRole {
  readonly servers: readonly RoleServer[];
  /** Why the role cannot serve now; undefined when it can. */
  unready?(): string | undefined;
  /** Ends what the servers used, once they have answered everything. */
  close?(): Promise<void>;
}

export interface Role<Table extends EnvTable> {
  readonly role: string;
  readonly table: Table;
  /** Rules over several variables. */
  readonly check?: ConfigCheck<Table>;
  /** Wires the role. Rejects when it cannot serve at all; what may come later is for `unready`. */
  start(context: RoleContext<Table>): Promise<StartedRole>;
}

export interface OpenRole {
  /** Where each server listens, by name; `admin` among them. */
  readonly addresses: Readonly<Record<string, string>>;
  /** Readiness off, wait, let open answers end, stop listening, close. */
  close(): Promise<void>;
}

export type Wait = (milliseconds: number) => Promise<void>;

/** Starts a role in this process. It answers probes from the beginning, and is ready once everything listens. */
export async function openRole<Table extends RoleTable>(
  role: Role<Table>, config: Config<Table>, log: Logger, wait: Wait,
): Promise<OpenRole> {
  const registry = createRegistry(role.role);
  const { ADMIN_LISTEN, DRAIN_SECONDS = 0 } = commonOf(config);
  let state: 'starting' | 'open' | 'closing' = 'starting';
  let started: StartedRole | undefined;
  const admin = buildAdmin({ log, registry, unready: () => state === 'open' ? started?.unready?.() : state });
  const closeAll = async (): Promise<void> => {
    await Promise.all((started?.servers ?? []).map(({ app }) => app.close()));
    await started?.close?.();
    await admin.close();
  };

  const addresses: Record<string, string> = {};
  try {
    addresses.admin = await listenOn(admin, ADMIN_LISTEN);
    started = await role.start({ config, log, registry });
    for (const { name, app, listen } of started.servers) addresses[name] = await listenOn(app, listen);
  } catch (error) {
    await closeAll();
    throw error;
  }
  state = 'open';
  return {
    addresses,
    close: async () => {
      state = 'closing';
      started!.servers.forEach(({ app }) => app.drain());
      if (DRAIN_SECONDS > 0) await wait(DRAIN_SECONDS * 1000);
      await closeAll();
    },
  };
}
