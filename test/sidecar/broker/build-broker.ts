import { MemorySlotStore } from './slots/memory-slot-store';
import { buildBroker } from '../../../sidecar/src/broker/app';
import type { AuditRecord } from '../../../sidecar/src/broker/audit/audit-event';
import type { BrokerDeps } from '../../../sidecar/src/broker/broker-deps';
import type { Caller } from '../../../sidecar/src/broker/callers/caller';
import { snapshotOf } from '../../../sidecar/src/broker/catalog/directory/directory-snapshot';
import { checkedObject } from '../../../sidecar/src/broker/catalog/object-check';
import { HttpFailure } from '../../../sidecar/src/broker/providers/http';
import { providersOf } from '../../../sidecar/src/broker/providers/registry';
import { MemoryRevocations } from '../../../sidecar/src/broker/revocations/revocations';
import { memoryKeyring } from '../../../sidecar/src/crypto/keyring';
import { createLogger } from '../../../sidecar/src/server/telemetry/log';
import type { Capability } from '../../../src/protocol/broker-api';

/** Token of the run `team-a/r1`: its own ServiceAccount. */
export const RUN_TOKEN = 'token-of-team-a-r1-collector';

/** What a test changes about the world of a broker. */
export interface World {
  /** The catalog, as documents. Assign to change it. */
  documents: readonly object[];
  /** Token to caller. */
  readonly callers: Map<string, Caller>;
  now: number;
  /** Makes the next records fail. */
  auditFails: boolean;
  catalogUnready?: string;
}

export interface Answer {
  readonly status: number;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
  readonly headers: Readonly<Record<string, unknown>>;
}

export type Headers = Readonly<Record<string, string | undefined>>;

/** A broker over a world in memory, its audit records, and everything that it logged and answered. */
export function brokerOver(documents: readonly object[], more: Partial<BrokerDeps> = {}) {
  const world: World = { documents, callers: new Map([[RUN_TOKEN, callerNamed('team-a', 'r1-collector')]]), now: Date.parse('2026-05-04T09:00:00Z'), auditFails: false };
  const records: AuditRecord[] = [];
  const output: string[] = [];
  const clock = () => world.now;
  const snapshot = () => snapshotOf(world.documents.map((value, index) => checkedObject({ file: 'test', place: `document ${index + 1}`, value: JSON.parse(JSON.stringify(value)) })));
  const app = buildBroker({
    catalog: {
      snapshot,
      secret: async (namespace, name, key) => snapshot().secret(namespace, name)?.data.get(key),
      unready: () => world.catalogUnready,
      close: async () => {},
    },
    callers: { review: async (token) => world.callers.get(token) },
    keyring: memoryKeyring(clock),
    providers: providersOf({ http: () => Promise.reject(new HttpFailure('no test goes out')), slots: new MemorySlotStore(), clock }),
    audit: {
      write: async (record) => {
        if (world.auditFails) throw new Error('the disk is full');
        records.push(record);
        return `audit-${records.length}`;
      },
      unready: () => undefined,
      close: async () => {},
    },
    clock,
    revocations: new MemoryRevocations(clock),
    log: createLogger({ role: 'broker', level: 'trace', destination: { write: (line: string) => void output.push(line) }, clock }),
    ...more,
  });

  async function send(url: string, payload: string | undefined, headers: Headers = {}, method: 'POST' | 'GET' = 'POST'): Promise<Answer> {
    const answer = await app.inject({ method, url, headers: definedOf({ ...USUAL_HEADERS, ...headers }), payload });
    output.push(answer.body);
    return { status: answer.statusCode, body: answer.body === '' ? undefined : JSON.parse(answer.body), headers: answer.headers };
  }

  return {
    app,
    world,
    records,
    /** Log lines and bodies of answers, as written. */
    output,
    send,
    /** Asks an endpoint as the run itself, unless headers say otherwise. */
    ask: (endpoint: string, body: unknown, headers: Headers = {}) => send(`/v1/${endpoint}`, JSON.stringify(body), headers),
    logLines: () => output.filter((line) => line.startsWith('{"level"')),
  };
}

export type TestBroker = ReturnType<typeof brokerOver>;

const USUAL_HEADERS: Headers = { 'authorization': `Bearer ${RUN_TOKEN}`, 'x-paddock-run': 'r1', 'content-type': 'application/json' };

export function callerNamed(namespace: string, serviceAccount: string, capabilities: readonly Capability[] = [], podUid?: string): Caller {
  return { namespace, serviceAccount, capabilities: new Set(capabilities), ...(podUid === undefined ? {} : { podUid }) };
}

function definedOf(headers: Headers): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
