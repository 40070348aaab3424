import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where the broker finds its things. */
export interface BrokerFolders {
  readonly catalog: string;
  readonly callers: string;
  readonly state: string;
}

/** As many runs as keep each below its limits, which are per run. */
export const RUNS = 2000;

export const TOKEN = 'token-of-the-one-caller-of-this-benchmark';
export const CREDENTIAL = 'MODEL_API_KEY';
export const HOST = 'api.model.example';
const NAMESPACE = 'bench';
const POLICIES = 5;
const HOSTS_PER_POLICY = 6;

/** The caller speaks from the pod that all runs have, so one token may act for each of them. */
const POD_UID = 'a0d5e1c2-0000-4000-8000-000000000001';

export function runName(index: number): string {
  return `run-${index}`;
}

/** Writes what peers were measured with: 2,000 runs, one template, 5 policies of 6 hosts, one Secret. */
export function writeDocuments(folder: string): BrokerFolders {
  const folders = { catalog: join(folder, 'catalog'), callers: join(folder, 'callers.json'), state: join(folder, 'state') };
  mkdirSync(folders.catalog);
  mkdirSync(folders.state, { mode: 0o700 });
  const documents = [secret(), template(), ...range(POLICIES).map(policy), ...range(RUNS).map(run)];
  // JSON is YAML, and several documents fit one file.
  writeFileSync(join(folders.catalog, 'documents.yaml'), documents.map((document) => JSON.stringify(document)).join('\n---\n'));
  const caller = { namespace: NAMESPACE, serviceAccount: 'bench', podUid: POD_UID };
  writeFileSync(folders.callers, JSON.stringify({ [TOKEN]: caller }), { mode: 0o600 });
  return folders;
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function secret(): object {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'model-key', namespace: NAMESPACE }, stringData: { token: 'an-example-key' } };
}

function custom(kind: string, name: string, rest: object): object {
  return { apiVersion: 'paddock.dev/v1alpha1', kind, metadata: { name, namespace: NAMESPACE }, ...rest };
}

function template(): object {
  return custom('HarnessTemplate', 'agent', {
    spec: {
      image: `registry.example.com/agent@sha256:${'0'.repeat(64)}`,
      command: ['/bin/agent'],
      requires: { credentials: [{ name: CREDENTIAL }], egress: [{ host: HOST, ports: [443] }] },
    },
  });
}

/** All policies match the template; the last one grants what is asked for. */
function policy(index: number): object {
  const last = index === POLICIES - 1;
  const egress = range(HOSTS_PER_POLICY).map((host) => ({ host: last && host === 0 ? HOST : `host-${host}.policy-${index}.example`, ports: [443] }));
  const credential = {
    name: CREDENTIAL,
    provider: {
      kind: 'UserSuppliedSecret',
      secretRef: { name: 'model-key', key: 'token' },
      deliveryMode: { proxyInjected: { hosts: [HOST], header: { name: 'x-api-key' } } },
    },
  };
  return custom('BrokerPolicy', `policy-${index}`, { spec: { appliesToTemplates: ['*'], grants: { egress, ...(last && { credentials: [credential] }) } } });
}

function run(index: number): object {
  return custom('HarnessRun', runName(index), {
    spec: { templateRef: { name: 'agent' }, prompt: 'measure' },
    status: { phase: 'Running', podUID: POD_UID },
  });
}
