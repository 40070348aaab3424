import { setTimeout as sleep } from 'node:timers/promises';
import { Chart, Testing } from 'cdk8s';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { ApiServer, eventually } from './api-server';
import { apply, must } from './cli';
import { LeaseBook } from './lease-book';
import { SkippableTime } from './operator-time';
import { KubeClient } from '../../sidecar/src/kube/client';
import { fixed } from '../../sidecar/src/kube/connection';
import { EventRecorder } from '../../sidecar/src/kube/event-recorder';
import { kubeconfig } from '../../sidecar/src/kube/kubeconfig';
import type { RunBroker } from '../../sidecar/src/operator/broker-client';
import { OperatorMetrics } from '../../sidecar/src/operator/metrics';
import { openOperator, Operator } from '../../sidecar/src/operator/operator';
import { steadyClock } from '../../sidecar/src/server/time/clock';
import { AgentPlatform, BrokerPolicy, CredentialDelivery, CredentialGrant, HarnessTemplate } from '../../src';
import { API_GROUP_VERSION } from '../../src/protocol/names';
import { OPERATOR_MANAGER } from '../../src/protocol/runs';
import { synth } from '../helpers/manifests';
import { API_SERVER, IMAGE } from '../helpers/platform';

/* eslint-disable @typescript-eslint/no-explicit-any */

// Of each test whose file uses this world: a busy machine takes its time for what a run goes through.
jest.setTimeout(240_000);

export const SYSTEM = 'runs-platform';
export const TEAM = 'runs-team';
export const RUNS = `/apis/paddock.dev/v1alpha1/namespaces/${TEAM}/harnessruns`;
export const PODS = `/api/v1/namespaces/${TEAM}/pods`;

export const WORKSPACES = `/apis/paddock.dev/v1alpha1/namespaces/${TEAM}/workspaces`;

export const admin = new ApiServer();

export interface Deployment {
  /** Namespaces of runs beside the one that has template and policy. */
  readonly others?: readonly string[];
  readonly allowedRegistries?: string[];
}

/** The platform as it comes by default, with one namespace of runs, its template and its policy. */
export function deploy({ others = [], allowedRegistries }: Deployment = {}): void {
  const chart = new Chart(Testing.app(), 'runs');
  const platform = new AgentPlatform(chart, 'platform', { image: IMAGE, apiServer: API_SERVER, namespace: SYSTEM, runs: { allowedRegistries } });
  const namespace = platform.addNamespace(TEAM);
  others.forEach((other) => platform.addNamespace(other));
  const egress = [{ host: 'api.example.com', ports: [443] }];
  new BrokerPolicy(chart, 'policy', {
    namespace,
    appliesToTemplates: ['coder'],
    credentials: ['API_KEY', 'OTHER_KEY'].map((name) => CredentialGrant.userSupplied(name, {
      secret: { name: 'model-key', key: 'token' },
      delivery: CredentialDelivery.header({ hosts: ['api.example.com'], header: 'x-api-key' }),
    })),
    egress,
  });
  new HarnessTemplate(chart, 'coder', { namespace, image: 'registry.example.com/coder:1', command: ['/coder'], credentials: ['API_KEY', 'OTHER_KEY'], egress });
  apply(synth(chart));
  publishProxy('http://10.96.0.9:15001');
}

/** What the egress proxy would publish in the namespace. */
export function publishProxy(url: string | null, namespace = TEAM): void {
  must(['patch', 'configmap', 'agent-trust', '-n', namespace, '--type=merge', '-p', JSON.stringify({ data: { 'proxy-url': url } })]);
}

/** A connection with the account of the operator: its rights and admission's rules are those of the deployment. */
export function operatorClient(port?: number): KubeClient {
  const token = must(['create', 'token', 'operator', '-n', SYSTEM]);
  const { certificate: _, ...connection } = kubeconfig(process.env.KUBECONFIG!, Date.now);
  const server = new URL(connection.server);
  if (port !== undefined) server.port = String(port);
  return new KubeClient({ ...connection, server, token: fixed(Buffer.from(token)) });
}

export interface Given {
  readonly client?: KubeClient;
  readonly broker?: RunBroker;
  readonly workers?: number;
  readonly isLeader?: () => boolean;
  readonly time?: SkippableTime;
  readonly metrics?: OperatorMetrics;
  readonly namespaces?: readonly string[];
}

export interface OpenOperator {
  readonly operator: Operator;
  /** What it wrote to its log. */
  readonly log: () => string;
  close(): Promise<void>;
}

const opened = new Set<OpenOperator>();

/** The operator in this process, over the real API server. */
export function openHere(given: Given = {}): OpenOperator {
  const { client = operatorClient(), broker = new LeaseBook(), workers = 8, isLeader = () => true, namespaces = [TEAM] } = given;
  const { time: { clock, after } = new SkippableTime(), metrics = new OperatorMetrics(new Registry()) } = given;
  const lines: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) }) as any;
  const events = new EventRecorder({ client: patient(client), component: OPERATOR_MANAGER, instance: 'operator-0', clock, log });
  const operator = openOperator({
    client,
    broker,
    settings: { platform: SYSTEM, sidecar: { image: 'example.com/agent-platform:1', pinned: true }, seedImage: 'example.com/git:1', workspaceSize: '1Gi', podSecurityVersion: 'v1.30' },
    namespaces,
    isLeader,
    workers,
    metrics,
    events,
    clock,
    steady: steadyClock,
    after,
    random: Math.random,
    wait: async (milliseconds, signal) => sleep(milliseconds, undefined, { signal, ref: false }),
    log,
  });
  const one: OpenOperator = {
    operator,
    log: () => lines.join(''),
    close: async () => {
      opened.delete(one);
      await operator.close();
      await events.settled();
      client.close();
    },
  };
  opened.add(one);
  return one;
}

/** Milliseconds. */
const EVENT_TIMEOUT = 20_000;

/** Events are lost that the API server does not take within seconds, which on a busy machine says nothing of who tells them. */
function patient(client: KubeClient): Pick<KubeClient, 'create' | 'mergePatch'> {
  return {
    create: (resource, object, options) => client.create(resource, object, { ...options, timeout: EVENT_TIMEOUT }),
    mergePatch: (resource, name, patch, options) => client.mergePatch(resource, name, patch, { ...options, timeout: EVENT_TIMEOUT }),
  };
}

/** A run as people write it. */
export function runNamed(name: string, spec: Readonly<Record<string, unknown>> = {}): object {
  return { apiVersion: 'paddock.dev/v1alpha1', kind: 'HarnessRun', metadata: { name, namespace: TEAM }, spec: { templateRef: { name: 'coder' }, prompt: `the prompt of ${name}`, ...spec } };
}

export async function submit(name: string, spec?: Readonly<Record<string, unknown>>): Promise<void> {
  const { status, body } = await admin.call('POST', RUNS, runNamed(name, spec));
  if (status !== 201) throw new Error(`${name}: ${status} ${body.message}`);
}

export async function get(name: string): Promise<any> {
  const { status, body } = await admin.call('GET', `${RUNS}/${name}`);
  return status === 404 ? undefined : body;
}

export function condition(run: any, type: string): any {
  return run?.status?.conditions?.find((one: any) => one.type === type);
}

export const isTerminal = (run: any): boolean => ['Succeeded', 'Failed', 'Cancelled'].includes(run?.status?.phase);

/** The run, once it is so. */
export async function until(name: string, holds: (run: any) => boolean, seconds?: number): Promise<any> {
  return eventually(() => get(name), holds, seconds);
}

/** The run, once it is over and nothing of it has to be taken back any more. */
export async function over(name: string, seconds?: number): Promise<any> {
  return until(name, (run) => isTerminal(run) && run.metadata.finalizers === undefined, seconds);
}

/** The run, once its condition `Completed` has the reason. */
export async function told(name: string, reason: string, seconds?: number): Promise<any> {
  return until(name, (run) => condition(run, 'Completed')?.reason === reason, seconds);
}

/** The message of that condition, once it has the reason and the words: watches tell in any order, so that others may come first. */
export async function said(name: string, reason: string, words: string): Promise<string> {
  return messageOf(await until(name, (run) => condition(run, 'Completed')?.reason === reason && messageOf(run).includes(words)));
}

export function messageOf(run: any): string {
  return condition(run, 'Completed').message;
}

export async function cancel(name: string): Promise<void> {
  await admin.call('PATCH', `${RUNS}/${name}`, { metadata: { annotations: { 'cdk8s-agent-platform/cancel': 'not needed' } } }, 'application/merge-patch+json');
}

/** Names of the pods of a run. */
export async function podsOf(name: string): Promise<string[]> {
  const { body } = await admin.call('GET', `${PODS}?labelSelector=paddock.dev%2Frun%3D${name}`);
  return (body.items as any[]).map(({ metadata }) => metadata.name);
}

/** Type and reason of the Events of a run, once they are so: they come after the status that they tell of. */
export async function eventsOf(name: string, holds: (events: string[]) => boolean): Promise<string[]> {
  return eventually(async () => {
    const { body } = await admin.call('GET', `/api/v1/namespaces/${TEAM}/events?fieldSelector=involvedObject.name%3D${name}`);
    return (body.items as any[]).map(({ type, reason }) => `${type} ${reason}`);
  }, holds);
}

/** Ends every run that is left, so that the next operator has nothing to do, and every operator that a failed test has left. */
export async function clear(): Promise<void> {
  await Promise.all([...opened].map((one) => one.close()));
  const last = openHere();
  await admin.call('DELETE', RUNS);
  await eventually(async () => (await admin.call('GET', RUNS)).body.items as any[], (items) => items.length === 0, 180);
  await last.close();
}

/** A Workspace of that name, for one run after the other. */
export async function makeWorkspace(name: string, seed?: object): Promise<void> {
  const spec = { storage: { size: '1Gi' }, ...(seed === undefined ? {} : { seed }) };
  expect(await admin.call('POST', WORKSPACES, { apiVersion: API_GROUP_VERSION, kind: 'Workspace', metadata: { name }, spec })).toMatchObject({ status: 201 });
}
