import { request } from 'node:https';
import { inPod } from './client-pod';
import { DIAL, inClient } from './session-clients';
import { get, install, podsOfRole, refilled, until, warmPods } from './session-cluster';
import { SYSTEM, TEAM } from './sessions-world';
import { CONTROLLER_AUDIENCE, LABELS } from '../../src/protocol/names';
import { OBJECTS, TOKEN_FILE } from '../../src/protocol/objects';
import { PATHS } from '../../src/protocol/paths';
import { PORTS } from '../../src/protocol/ports';
import { BOOTSTRAP_JWKS } from '../../src/protocol/session-api';
import { kubectl, must } from '../cluster/cli';

/* eslint-disable @typescript-eslint/no-explicit-any */

const hostOf = (name: string) => `${name}.${SYSTEM}.svc`;

beforeAll(async () => {
  await install();
  await refilled('glibc');
}, 900_000);

describe('the network', () => {
  const targets = () => ({
    worker: [warmPods('glibc')[0].status.podIP, PORTS['session-api']],
    controller: [hostOf(OBJECTS.controller), PORTS['controller-api']],
    store: [hostOf(OBJECTS.store), PORTS.store],
    broker: [hostOf(OBJECTS.broker), PORTS['broker-api']],
    metrics: [podsOfRole('gateway')[0].status.podIP, PORTS.admin],
    gateway: [hostOf(OBJECTS.gateway), PORTS['gateway-api']],
  });
  const CLOSED = { worker: 'ETIMEDOUT', controller: 'ETIMEDOUT', store: 'ETIMEDOUT', broker: 'ETIMEDOUT', metrics: 'ETIMEDOUT' };
  const dialled = (pod: string) => inClient(`
    return Object.fromEntries(await Promise.all(Object.entries(input).map(async ([name, [host, port]]) => [name, await dial(host, port)])));`, targets(), pod);

  test('leads a client to the gateway only', async () => {
    // On a busy node an answer may come too late.
    const seen = await until('the gateway answers in time', async () => {
      const one = await dialled('client');
      return one.gateway === 'open' && one;
    });
    expect(seen).toEqual({ ...CLOSED, gateway: 'open' });
  });

  test('leads nobody else anywhere', async () => expect(await dialled('stranger')).toEqual({ ...CLOSED, gateway: 'ETIMEDOUT' }));

  test('leads a worker nowhere', () => {
    const ports = { gateway: PORTS['gateway-api'], controller: PORTS['controller-api'], store: PORTS.store, broker: PORTS['broker-api'] };
    const peers = Object.entries(ports).map(([role, port]) => [podsOfRole(role)[0].status.podIP, port]);
    const program = `${DIAL} Promise.all(${JSON.stringify(peers)}.map(([host, port]) => dial(host, port))).then((all) => console.log(all.join()))`;
    expect(inPod(TEAM, warmPods('glibc')[0].metadata.name, program).trim()).toBe(peers.map(() => 'ETIMEDOUT').join());
  });
});

describe('the gateway has no right in the API', () => {
  const account = `system:serviceaccount:${SYSTEM}:${OBJECTS.gateway}`;

  test('its account may do nothing but ask about itself', () => {
    const rules = must(['auth', 'can-i', '--list', `--as=${account}`, '-n', SYSTEM, '--no-headers']).trim().split('\n').map((line) => line.trim().split(/\s{2,}/));
    expect(rules.filter(([resource]) => !resource.startsWith('[')).map(([resource]) => resource).filter((resource) => !resource.startsWith('selfsubject'))).toEqual([]);
  });

  test('its pod has no token of the API, and the one for the controller is none', async () => {
    const [{ metadata }] = podsOfRole('gateway');
    const program = `
      const { existsSync, readFileSync } = require('fs');
      console.log(JSON.stringify([existsSync('${PATHS.apiToken}'), readFileSync('${PATHS.controllerToken}/${TOKEN_FILE}', 'utf8')]))`;
    const [mounted, token] = JSON.parse(inPod(SYSTEM, metadata.name, program));
    const claims = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());
    expect([mounted, claims.sub, claims.aud]).toEqual([false, account, [CONTROLLER_AUDIENCE]]);
    expect(await statusWith(token)).toBe(401);
  });
});

/** What the API server answers to whoever has the token. */
function statusWith(token: string): Promise<number> {
  const { hostname, port } = new URL(must(['config', 'view', '--minify', '-o', 'jsonpath={.clusters[0].cluster.server}']));
  return new Promise((resolve, reject) => {
    request({ hostname, port, path: '/api/v1/pods', headers: { authorization: `Bearer ${token}` }, rejectUnauthorized: false, agent: false }, (answer) => resolve(answer.resume().statusCode!)).on('error', reject).end();
  });
}

describe('admission holds the controller to claims', () => {
  const asController = `--as=system:serviceaccount:${SYSTEM}:${OBJECTS.controller}`;
  const CHANGES: [string, object, RegExp][] = [
    ['another image', { spec: { containers: [{ name: 'session', image: 'example.com/other:1' }] } }, /only warm|what a worker runs|from warm to claimed/],
    ['another label', { metadata: { labels: { [LABELS.role]: 'gateway' } } }, /from warm to claimed|no other label/],
  ];

  test.each(CHANGES)('%s for a worker is refused', (_, patch, reason) => {
    const [{ metadata }] = warmPods('glibc');
    const { ok, stderr } = kubectl(['patch', 'pod', '-n', TEAM, metadata.name, '--type=strategic', '-p', JSON.stringify(patch), asController]);
    expect([ok, stderr]).toEqual([false, expect.stringMatching(reason)]);
  });

  test('a worker that waits is not deleted', () => {
    const [{ metadata }] = warmPods('glibc');
    const { ok, stderr } = kubectl(['delete', 'pod', '-n', TEAM, metadata.name, asController]);
    expect([ok, stderr]).toEqual([false, expect.stringContaining('the controller may delete only claimed workers')]);
  });

  test('a pod is not made', () => {
    const { ok, stderr } = kubectl(['run', 'other', '-n', TEAM, '--image=example.com/other:1', asController]);
    expect([ok, stderr]).toEqual([false, expect.stringContaining('cannot create resource "pods"')]);
  });

  test('what workers trust has the public keys of the controller', () => {
    expect(JSON.parse(get('configmap', TEAM, OBJECTS.agentTrust).data[BOOTSTRAP_JWKS]).keys.every((key: any) => key.d === undefined)).toBe(true);
  });
});
