import { addNames, addressesOf, Certificates, Internet, newCertificates } from './egress-internet';
import { API_KEY, givenObjects, OUTSIDE, outsideObjects, platformObjects, POOL, storeVolumes, SYSTEM, TEAM, UPSTREAM_TLS, WARM } from './egress-world';
import { ready } from './one-node';
import { get, podsOf, readySince, until } from './session-cluster';
import { Session, SessionClient } from '../../src/client';
import { EGRESS_CODE_HEADER } from '../../src/protocol/egress-api';
import { LABELS } from '../../src/protocol/names';
import { CA_KEY, OBJECTS, TLS_KEYS } from '../../src/protocol/objects';
import { RUNTIME_FILES } from '../../src/protocol/paths';
import { PORTS } from '../../src/protocol/ports';
import { apply, kubectl, must } from '../cluster/cli';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** A platform with a way out, the internet that it leads to, and a client of its sessions. */
export interface EgressCluster {
  readonly internet: Internet;
  readonly sessions: SessionClient;
  /** Addresses of the pods outside: the one that is a private destination, and another. */
  readonly outside: { readonly named: string; readonly other: string };
  /** Sessions that end with it. */
  readonly made: Session[];
  close(): Promise<void>;
}

/** Applies everything at once. What is there already stays. */
export async function applyAll(): Promise<EgressCluster> {
  const isNew = !kubectl(['get', 'namespace', SYSTEM]).ok;
  const certificates = isNew ? await newCertificates() : certificatesInCluster();
  must(['apply', '--server-side', '-f', '-'], [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: OUTSIDE } }]);
  if (isNew) must(['apply', '--server-side', '-f', '-'], outsideObjects(certificates));
  must(['wait', '-n', OUTSIDE, '--for=condition=Ready', '--timeout=300s', 'pod', '--all']);
  const [named, other] = ['named', 'other'].map((name) => get('pod', OUTSIDE, name).status.podIP as string);
  const removeNames = addNames(addressesOf({ named, other }));
  const objects = platformObjects(named);
  must(['apply', '--server-side', '-f', '-'], objects.filter(({ kind }) => kind === 'Namespace'));
  must(['apply', '--server-side', '-f', '-'], [...givenObjects(certificates.authority), ...(isNew ? storeVolumes() : [])]);
  apply(objects);
  const internet = await Internet.start(certificates);
  const made: Session[] = [];
  return {
    internet,
    sessions: new SessionClient({ url: `http://${get('service', SYSTEM, OBJECTS.gateway).spec.clusterIP}:${PORTS['gateway-api']}`, token: API_KEY }),
    outside: { named, other },
    made,
    close: async () => {
      await Promise.all(made.map((session) => session.delete().catch(() => undefined)));
      internet.close();
      removeNames();
    },
  };
}

/** The same, when every part serves. */
export async function install(): Promise<EgressCluster> {
  const since = Date.now();
  const cluster = await applyAll();
  try {
    for (const [namespace, part] of PARTS) ready(namespace, part);
  } catch (error) {
    await cluster.close();
    throw error;
  }
  console.info(`everything was ready ${Date.now() - since} ms after it was applied`);
  return cluster;
}

const PARTS: readonly (readonly [namespace: string, part: string])[] = [
  ...[OBJECTS.store, OBJECTS.broker].map((name) => [SYSTEM, `statefulset/${name}`] as const),
  ...[OBJECTS.egress, OBJECTS.controller, OBJECTS.gateway].map((name) => [SYSTEM, `deployment/${name}`] as const),
  [TEAM, `deployment/${POOL}`],
];

function certificatesInCluster(): Certificates {
  const { data } = get('secret', OUTSIDE, UPSTREAM_TLS);
  const [authority, cert, key] = [CA_KEY, TLS_KEYS.certificate, TLS_KEYS.key].map((entry) => Buffer.from(data[entry], 'base64').toString());
  return { authority, pair: { cert, key } };
}

const isStaying = ({ metadata }: any) => metadata.deletionTimestamp === undefined;

export const podsOfRole = (role: string): any[] => podsOf(SYSTEM, `${LABELS.role}=${role}`).filter(isStaying);

export const workers = (): any[] => podsOf(TEAM, `${LABELS.pool}=${POOL}`).filter(isStaying);

export const podOfSession = ({ id }: Session): any => podsOf(TEAM, `${LABELS.session}=${id}`)[0];

/** A session of the pool, once a worker waits. */
export async function newSession({ sessions, made }: EgressCluster): Promise<Session> {
  await until('the pool is full', () => workers().filter((pod) => pod.metadata.labels[LABELS.state] === 'warm' && readySince(pod) !== undefined).length >= WARM, 180);
  const session = await sessions.createSession({ namespace: TEAM, name: POOL });
  made.push(session);
  return session;
}

/** How a request by curl ended. */
export interface CurlAnswer {
  readonly exitCode: number;
  /** Of the answer, or of the refusal of CONNECT. */
  readonly status: number;
  /** Of the proxy, when it is its answer. */
  readonly code?: string;
  readonly text: string;
}

/** Sends a request as any program does, with the environment that the session was given; `$NAME` in arguments is read in there. */
export async function curl(session: Session, ...args: readonly string[]): Promise<CurlAnswer> {
  const line = ['curl -sS --max-time 20 -D - -w "\\n%{http_connect} %{http_code}"', ...args.map((arg) => `"${arg}"`)].join(' ');
  const { stdout, stderr, exitCode } = await session.execute(['/bin/sh', '-c', line], { timeout: '300s' });
  const [, connected, answered] = /(\d{3}) (\d{3})$/.exec(stdout) ?? [];
  const code = new RegExp(`^${EGRESS_CODE_HEADER}: (\\S+)`, 'mi').exec(stdout)?.[1];
  return { exitCode, status: Number(answered) || Number(connected), ...(code === undefined ? {} : { code }), text: stdout + stderr };
}

/** Runs a Node program in a session and gives what it printed. */
export async function node(session: Session, program: string): Promise<string> {
  const { stdout, stderr, exitCode } = await session.execute([RUNTIME_FILES.node, '-e', program]);
  if (exitCode !== 0) throw new Error(`node in ${session.id}: ${stderr}`);
  return stdout.trim();
}
