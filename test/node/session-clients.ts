import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { buildSync } from 'esbuild';
import { clientPod } from './client-pod';
import { builtImage } from './one-node';
import { CLIENT_LABELS, CLIENTS, KEYS, SYSTEM, TEAM } from './sessions-world';
import { OBJECTS } from '../../src/protocol/objects';
import { RUNTIME_FILES } from '../../src/protocol/paths';
import { PORTS } from '../../src/protocol/ports';
import { Emitted } from '../helpers/manifests';

/* eslint-disable @typescript-eslint/no-explicit-any */

const FOLDER = '/client';
export const GATEWAY = `http://${OBJECTS.gateway}.${SYSTEM}.svc:${PORTS['gateway-api']}`;

/** A pod that is let in, one that is not, and the package's client for both. */
export function clientObjects(): object[] {
  const { text } = buildSync({ entryPoints: ['src/client/index.ts'], bundle: true, format: 'cjs', platform: 'node', write: false }).outputFiles[0];
  const bundle = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'client', namespace: CLIENTS }, data: { 'client.cjs': text } };
  return [bundle, podWithClient('client', CLIENT_LABELS), podWithClient('stranger', { role: 'stranger' })];
}

function podWithClient(name: string, labels: Readonly<Record<string, string>>): object {
  const pod = clientPod(name, labels, builtImage()) as Emitted;
  const [container] = pod.spec.containers;
  return {
    ...pod,
    metadata: { ...pod.metadata, namespace: CLIENTS },
    spec: {
      ...pod.spec,
      containers: [{ ...container, volumeMounts: [{ name: 'client', mountPath: FOLDER }] }],
      volumes: [{ name: 'client', configMap: { name: 'client' } }],
    },
  };
}

const run = promisify(execFile);

/**
 * Runs the body of an async function in a pod and gives what it returned. It has `input`, the client of `alice` and of `bob`,
 * `place(pool)`, `coded(promise)` for refusals, `sleep` and `dial(host, port)`.
 */
export async function inClient(body: string, input: unknown = {}, pod = 'client'): Promise<any> {
  const given = JSON.stringify({ input, url: GATEWAY, keys: KEYS, namespace: TEAM });
  const { stdout } = await run('kubectl', ['exec', '-n', CLIENTS, pod, '--', RUNTIME_FILES.node, '-e', PRELUDE + body + END, given], { maxBuffer: 16 * 1024 * 1024 });
  return JSON.parse(stdout);
}

/** Whether something listens: `open`, or why nobody can say. */
export const DIAL = `
  const dial = (host, port) => new Promise((resolve) => {
    const socket = require('node:net').connect({ host, port });
    const done = (outcome) => { socket.destroy(); resolve(outcome); };
    setTimeout(done, 3000, 'ETIMEDOUT');
    socket.on('connect', () => done('open')).on('error', ({ code }) => done(code));
  });`;

const PRELUDE = `
  const { input, url, keys, namespace } = JSON.parse(process.argv[1]);
  const { SessionClient } = require('${FOLDER}/client.cjs');
  const [alice, bob] = [keys.alice, keys.bob].map((token) => new SessionClient({ url, token }));
  const place = (name) => ({ namespace, name });
  const coded = (work) => work.then((value) => ({ value }), ({ code, status, message }) => ({ code, status, message }));
  const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  ${DIAL}
  (async () => {`;

const END = `
  })().then((value) => { console.log(JSON.stringify(value ?? null)); process.exit(0); }, (error) => { console.error(error); process.exit(1); });`;
