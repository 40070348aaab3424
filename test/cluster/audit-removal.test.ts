import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { Answer, ApiServer, eventually } from './api-server';
import { apply, must } from './cli';
import { AuditEventObject, anchorObject, auditEventObject } from '../../sidecar/src/broker/audit/ship-object';
import { readAnchors } from '../../sidecar/src/broker/audit/verify-main';
import { blocks } from '../docs/blocks';
import { everything } from '../helpers/everything';
import type { Emitted } from '../helpers/manifests';
import { temporaryFolders } from '../sidecar/broker/audit/support';

const BROKER = 'system:serviceaccount:agent-platform:broker';
const KEEPER = 'audit-keeper';
const PATH = '/apis/paddock.dev/v1alpha1';

const administrator = new ApiServer();
const broker = new ApiServer(BROKER);
const folder = temporaryFolders();

/** The block of the page that has the text in it. */
function blockWith(language: string, text: string): string {
  return blocks(language).find(({ where, code }) => where.includes('verify-the-audit-log') && code.includes(text))!.code;
}

function event(number: number): AuditEventObject {
  return auditEventObject('team-a', `ae-${number}`, {
    runRef: { name: 'r1' }, decision: 'granted', kind: 'egress-allow', timestamp: '2026-05-04T09:00:00Z', destination: { host: 'a.example', port: 443 },
  });
}

const anchor = (sequence: number): AuditEventObject => anchorObject('agent-platform', { stream: 'broker-0-1a2b3c4d', sequence, hash: 'a'.repeat(64) }, 0);

async function create(object: AuditEventObject): Promise<Date> {
  const { status, body } = await broker.call('POST', `${PATH}/namespaces/${object.metadata.namespace}/auditevents`, object);
  expect([status, body.message]).toEqual([201, undefined]);
  return new Date(body.metadata!.creationTimestamp as string);
}

async function names(who = administrator): Promise<string[]> {
  const { items } = (await who.call('GET', `${PATH}/auditevents`)).body as { items?: AuditEventObject[] };
  return items!.map(({ metadata }) => metadata.name);
}

/** Runs the script of the page as somebody. The first list that is continued fails, as one does that takes too long. */
function remove(user: string, before: string, file: string) {
  const at = folder();
  const fails = `case "$*" in *continue=?*) [ -e ${at}/failed ] || { touch ${at}/failed; exit 1; } ;; esac`;
  writeFileSync(join(at, 'kubectl'), `#!/bin/sh\n${fails}\nexec env PATH="${process.env.PATH}" kubectl --as=${user} "$@"\n`, { mode: 0o700 });
  writeFileSync(join(at, 'remove-audit-events.sh'), blockWith('bash', 'set -eu'));
  return spawnSync('sh', [join(at, 'remove-audit-events.sh'), before, file], { encoding: 'utf8', env: { ...process.env, PATH: `${at}:${process.env.PATH}` } });
}

let secondOfNew: string;

beforeAll(async () => {
  apply(everything('a'));
  const role = parse(blockWith('yaml', 'auditevents')) as Emitted;
  apply([role, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: role.metadata.name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role.metadata.name },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: KEEPER }],
  }]);
  const keeper = new ApiServer(KEEPER);
  await eventually(async () => keeper.call('GET', `${PATH}/auditevents?limit=1`), ({ status }: Answer) => status === 200);
  keeper.close();
  for (const object of [event(0), anchor(0)]) {
    await eventually(async () => broker.call('POST', `${PATH}/namespaces/${object.metadata.namespace}/auditevents?dryRun=All`, object), ({ status }: Answer) => status === 201);
  }
  // More than a page, which has 500.
  const old = await Promise.all([...Array.from({ length: 520 }, (_, index) => event(index)), anchor(17)].map(create));
  const last = Math.max(...old.map(Number));
  // Times of the API are whole seconds.
  const both = async () => [await create(event(Date.now())), await create(anchor(Date.now()))];
  const [first] = await eventually(both, ([time]) => Number(time) > last);
  secondOfNew = first.toISOString().replace('.000Z', 'Z');
}, 120_000);

afterAll(() => {
  must(['delete', 'auditevents', '--all', '-A', '--wait=false']);
  administrator.close();
  broker.close();
});

test('the broker may make events, and neither see nor remove one', async () => {
  const file = join(folder(), 'removed.jsonl');
  const before = await names();
  const { status, stderr } = remove(BROKER, secondOfNew, file);
  expect([status, stderr]).toEqual([1, expect.stringContaining('forbidden')]);
  expect(await names()).toEqual(before);
});

test.each(['90', '2026-05-04', ''])('a time that is %j removes nothing', async (time) => {
  const before = await names();
  expect(remove(KEEPER, time, join(folder(), 'removed.jsonl')).status).not.toBe(0);
  expect(await names()).toEqual(before);
});

test('a file that is there already is not written over, and nothing is removed', async () => {
  const file = join(folder(), 'removed.jsonl');
  writeFileSync(file, 'kept');
  expect(remove(KEEPER, secondOfNew, file)).toMatchObject({ status: 1, stderr: expect.stringContaining('is there already') });
  expect([readFileSync(file, 'utf8'), (await names()).includes('ae-0')]).toEqual(['kept', true]);
});

test('what is older is removed, all pages of it though one could not be had, and is in the file, which serves as anchors; what is newer stays', async () => {
  const file = join(folder(), 'removed.jsonl');
  const before = await names();
  const { status, stdout, stderr } = remove(KEEPER, secondOfNew, file);
  expect([status, stderr]).toEqual([0, '']);
  const removed = readFileSync(file, 'utf8').trim().split('\n').map((line) => (JSON.parse(line) as AuditEventObject).metadata.name);
  expect(stdout).toBe(`${removed.length} audit events removed\n`);
  expect(removed.length).toBeGreaterThanOrEqual(521);
  const left = await names();
  expect([...removed, ...left].sort()).toEqual([...before].sort());
  expect(left.some((name) => name.startsWith('ae-')) && left.some((name) => name.startsWith('anchor-'))).toBe(true);
  expect(readAnchors(readFileSync(file, 'utf8'))).toContainEqual({ stream: 'broker-0-1a2b3c4d', sequence: 17, hash: 'a'.repeat(64) });
});

test('nothing that is older is no error', async () => {
  const { status, stdout } = remove(KEEPER, '2020-01-01T00:00:00Z', join(folder(), 'removed.jsonl'));
  expect([status, stdout]).toEqual([0, '0 audit events removed\n']);
});
