import * as fc from 'fast-check';
import { Answer, ApiServer, eventually } from './api-server';
import { customResourceDefinitions } from '../../src/manifests/crds';
import { API_GROUP_VERSION } from '../../src/protocol/names';
import { KINDS, problemsWith } from '../../src/protocol/resources';
import { Row, ROWS, sentence } from '../fixtures/resources';
import { SPEC_ARBITRARIES } from '../fixtures/resources/arbitraries';

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const NAMESPACE = 'custom-resources-test';
const DRY_RUN = 'dryRun=All&fieldValidation=Strict';
const definitions = customResourceDefinitions('agent-platform');

let api: ApiServer;
let applied: Answer[];

beforeAll(async () => {
  api = new ApiServer();
  applied = await Promise.all(definitions.map((definition) => api.apply(`${DEFINITIONS}/${definition.metadata.name}`, definition)));
  await api.apply(`/api/v1/namespaces/${NAMESPACE}`, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
  await Promise.all(definitions.map((definition) => eventually(() => api.call('GET', `${DEFINITIONS}/${definition.metadata.name}`), established)));
  // It serves them a moment later.
  await Promise.all((Object.keys(KINDS) as Row['kind'][]).map((kind) => eventually(() => api.call('GET', collection(kind)), ({ status }) => status === 200)));
}, 120_000);

afterAll(() => api.close());

test('the API server takes every definition', () => {
  expect(applied.map(({ status, body }) => [status, body.message])).toEqual(definitions.map(() => [expect.any(Number), undefined]));
  expect(applied.every(({ status }) => status < 300)).toBe(true);
});

test('the API server finds nothing non-structural in the definitions', async () => {
  const stored = await Promise.all(definitions.map((definition) => api.call('GET', `${DEFINITIONS}/${definition.metadata.name}`)));
  expect(stored.flatMap(({ body }) => conditionsOf(body)).filter(({ type }) => type === 'NonStructuralSchema')).toEqual([]);
});

test.each(ROWS.map((row) => [sentence(row), row]))('API server: %s', async (_sentence, row) => {
  const answer = await verdict(row);
  const seen = `${answer.status} ${answer.body.message ?? ''}`;
  if (row.accepted) {
    expect(seen).toMatch(/^20[01] $/);
    return;
  }
  expect(seen).toMatch(/^(400|422) /);
  expect(seen).toContain(row.because ?? row.at);
});

test.each(SPEC_ARBITRARIES.map((arbitrary) => [`${arbitrary.about} of a ${arbitrary.kind}`, arbitrary]))('twins and API server agree on %s', async (_about, { kind, specs }) => {
  await fc.assert(fc.asyncProperty(specs, async (spec) => {
    const object = { apiVersion: API_GROUP_VERSION, kind, metadata: { name: 'sample' }, spec };
    const { status, body } = await api.call('POST', `${collection(kind)}?${DRY_RUN}`, object);
    expect([status === 201, body.message]).toEqual([problemsWith(kind, object).length === 0, body.message]);
  }), { seed: 1, numRuns: 150, endOnFailure: true });
}, 120_000);

test('a finalizer comes off a run whatever the rules say about its spec', async () => {
  const path = collection('HarnessRun');
  const run = { apiVersion: API_GROUP_VERSION, kind: 'HarnessRun', metadata: { name: 'going', finalizers: ['paddock.dev/harnessrun-finalizer'] }, spec: { templateRef: { name: 'a' }, prompt: 'x' } };
  expect((await api.call('POST', path, run)).status).toBe(201);
  expect((await api.call('DELETE', `${path}/going`)).status).toBe(200);
  const patch = [{ op: 'remove', path: '/metadata/finalizers' }];
  expect((await api.call('PATCH', `${path}/going`, patch, 'application/json-patch+json')).status).toBe(200);
  await eventually(() => api.call('GET', `${path}/going`), ({ status }) => status === 404);
});

test('an apply of a status is held to its version, and not to its UID: a later run of the name is safe from writes with the former alone', async () => {
  const path = collection('HarnessRun');
  const run = { apiVersion: API_GROUP_VERSION, kind: 'HarnessRun', metadata: { name: 'again' }, spec: { templateRef: { name: 'a' }, prompt: 'x' } };
  const { body: { metadata: first } } = await api.call('POST', path, run);
  await api.call('DELETE', `${path}/again`);
  await eventually(() => api.call('GET', `${path}/again`), ({ status }) => status === 404);
  await api.call('POST', path, run);
  const status = (version: object) => api.apply(`${path}/again/status`, {
    apiVersion: API_GROUP_VERSION, kind: 'HarnessRun', metadata: { name: 'again', uid: first!.uid, ...version }, status: { phase: 'Failed' },
  });
  expect((await status({ resourceVersion: first!.resourceVersion })).status).toBe(409);
  expect((await api.call('GET', `${path}/again`)).body.status).toBeUndefined();
  expect((await status({})).status).toBe(200);
  await api.call('DELETE', `${path}/again`);
});

test('the end of a run is not taken back by a patch with null, and a finalizer still comes off', async () => {
  const path = collection('HarnessRun');
  const run = { apiVersion: API_GROUP_VERSION, kind: 'HarnessRun', metadata: { name: 'over', finalizers: ['paddock.dev/harnessrun-finalizer'] }, spec: { templateRef: { name: 'a' }, prompt: 'x' } };
  await api.call('POST', path, run);
  const merge = async (where: string, patch: object) => api.call('PATCH', where, patch, 'application/merge-patch+json');
  expect((await merge(`${path}/over/status`, { status: { phase: 'Succeeded' } })).status).toBe(200);
  for (const status of [{ phase: null }, null, { phase: 'Failed' }]) {
    const { status: code, body } = await merge(`${path}/over/status`, { status });
    expect([code, body.message]).toEqual([422, expect.stringContaining('a run that is over must stay as it ended')]);
  }
  expect((await merge(`${path}/over/status`, { status: { agentPhase: 'stopped' } })).status).toBe(200);
  // Beside the subresource a status is left as it is.
  expect(await merge(`${path}/over`, { metadata: { finalizers: null }, status: null })).toMatchObject({ status: 200, body: { status: { phase: 'Succeeded' } } });
  await api.call('DELETE', `${path}/over`);
});

test('two revocations by merge patch both stay', async () => {
  const path = collection('HarnessRun');
  const run = { apiVersion: API_GROUP_VERSION, kind: 'HarnessRun', metadata: { name: 'revoked' }, spec: { templateRef: { name: 'a' }, prompt: 'x' } };
  await api.call('POST', path, run);
  const revoke = async (id: string) => api.call(
    'PATCH', `${path}/revoked/status`, { status: { revokedLeases: { [id]: '2030-01-01T00:00:00Z' } } }, 'application/merge-patch+json');
  expect((await Promise.all(['a', 'b'].map(revoke))).map(({ status }) => status)).toEqual([200, 200]);
  const { body } = await api.call('GET', `${path}/revoked`);
  expect(Object.keys((body.status as { revokedLeases: object }).revokedLeases).sort()).toEqual(['a', 'b']);
  await api.call('DELETE', `${path}/revoked`);
});

/** What the API server says to a row. An update needs the object that it replaces, so that one is really created. */
async function verdict(row: Row): Promise<Answer> {
  const path = collection(row.kind);
  if (row.old === undefined) return api.call('POST', `${path}?${DRY_RUN}`, row.object);
  const { name: _shared, ...metadata } = row.old.metadata;
  const created = await api.call('POST', path, { ...row.old, metadata: { ...metadata, generateName: 'row-' } });
  expect([created.status, created.body.message]).toEqual([201, undefined]);
  const one = `${path}/${String(created.body.metadata!.name)}`;
  try {
    const was = row.old.status === undefined ? created : await api.call('PUT', `${one}/status`, { ...row.old, metadata: created.body.metadata });
    expect(was.status).toBeLessThan(300);
    const target = row.on === 'status' ? `${one}/status` : one;
    return await api.call('PUT', `${target}?${DRY_RUN}`, { ...row.object, metadata: was.body.metadata });
  } finally {
    await api.call('DELETE', one);
  }
}

function collection(kind: Row['kind']): string {
  const { plural, scope } = KINDS[kind];
  return `/apis/${API_GROUP_VERSION}/${scope === 'Cluster' ? '' : `namespaces/${NAMESPACE}/`}${plural}`;
}

function established({ body }: Answer): boolean {
  return conditionsOf(body).some(({ type, status }) => type === 'Established' && status === 'True');
}

function conditionsOf(body: Answer['body']): { type: string; status: string }[] {
  return (body.status as { conditions?: { type: string; status: string }[] } | undefined)?.conditions ?? [];
}
