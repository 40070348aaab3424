import { ApiStandIn, failureOf, json, objectNamed } from './api-stand-in';
import { KubeClient } from '../../../sidecar/src/kube/client';
import { KubeError } from '../../../sidecar/src/kube/kube-error';

const RUNS = { group: 'paddock.dev', version: 'v1alpha1', plural: 'harnessruns', namespace: 'team-a' };
const CLAIMS = { group: '', version: 'v1', plural: 'persistentvolumeclaims', namespace: 'team-a' };
const SECRETS = { group: '', version: 'v1', plural: 'secrets', namespace: 'team-a' };
const RUNS_PATH = '/apis/paddock.dev/v1alpha1/namespaces/team-a/harnessruns';

let api: ApiStandIn;
let client: KubeClient;

beforeEach(async () => {
  api = await new ApiStandIn().start();
  client = api.client();
});

afterEach(() => api.close());

describe('a call', () => {
  beforeEach(() => {
    api.answer = (response) => json(response, 200, objectNamed('r1'));
  });

  test('goes to the path of its resource, with the token', async () => {
    expect((await client.get(RUNS, 'r1')).metadata.name).toBe('r1');
    await client.get(SECRETS, 's 1/../x');
    expect(api.arrived.map(({ method, url }) => `${method} ${url}`)).toEqual([`GET ${RUNS_PATH}/r1`, 'GET /api/v1/namespaces/team-a/secrets/s%201%2F..%2Fx']);
    expect(api.arrived[0].headers.authorization).toBe('Bearer planted-api-token');
  });

  test('says what it writes and in whose name', async () => {
    await client.mergePatch(RUNS, 'r1', { status: { phase: 'Failed' } }, { subresource: 'status', fieldManager: 'broker' });
    await client.jsonPatch(RUNS, 'r1', [{ op: 'test', path: '/a', value: 1 }]);
    await client.update(SECRETS, objectNamed('s', '7'), { fieldManager: 'broker' });
    await client.create({ group: 'authentication.k8s.io', version: 'v1', plural: 'tokenreviews' }, { spec: {} });
    expect(api.arrived.map(({ method, url, headers, body }) => [method, url, headers['content-type'], body])).toEqual([
      ['PATCH', `${RUNS_PATH}/r1/status?fieldManager=broker`, 'application/merge-patch+json', '{"status":{"phase":"Failed"}}'],
      ['PATCH', `${RUNS_PATH}/r1`, 'application/json-patch+json', '[{"op":"test","path":"/a","value":1}]'],
      ['PUT', '/api/v1/namespaces/team-a/secrets/s?fieldManager=broker', 'application/json', JSON.stringify(objectNamed('s', '7'))],
      ['POST', '/apis/authentication.k8s.io/v1/tokenreviews', 'application/json', '{"spec":{}}'],
    ]);
  });

  test('that applies goes to the object of its name, as its field manager, and takes over the fields of others', async () => {
    const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'ws-a' }, spec: { volumeName: 'é' } };
    const status = { metadata: { name: 'r1' }, status: { phase: 'Pending' } };
    expect((await client.apply(CLAIMS, claim, { fieldManager: 'operator' })).metadata.resourceVersion).toBe('1');
    await client.apply(RUNS, status, { fieldManager: 'operator', subresource: 'status' });
    expect(api.arrived.map(({ method, url, headers, body }) => [method, url, headers['content-type'], JSON.parse(body)])).toEqual([
      ['PATCH', '/api/v1/namespaces/team-a/persistentvolumeclaims/ws-a?fieldManager=operator&force=true', 'application/apply-patch+yaml', claim],
      ['PATCH', `${RUNS_PATH}/r1/status?fieldManager=operator&force=true`, 'application/apply-patch+yaml', status],
    ]);
  });

  test('that lists or watches asks for what the selectors select', async () => {
    const pods = { group: '', version: 'v1', plural: 'pods', namespace: 'team-a', labels: 'a/state=warm,a/pool' };
    api.answer = (response, { url }) => json(response, 200, url.includes('watch=') ? {} : { metadata: { resourceVersion: '5' }, items: [] });
    await client.list(pods, { limit: 2 });
    for await (const line of await client.watch({ ...pods, only: 'p' }, '5')) expect(line).toBe('{}');
    expect(api.arrived.map(({ url }) => Object.fromEntries(new URL(url, 'http://api').searchParams))).toEqual([
      { limit: '2', labelSelector: 'a/state=warm,a/pool' },
      { watch: 'true', allowWatchBookmarks: 'true', resourceVersion: '5', timeoutSeconds: '270', fieldSelector: 'metadata.name=p', labelSelector: 'a/state=warm,a/pool' },
    ]);
  });

  test('that deletes names the UID, so that no other object of the name goes', async () => {
    await client.delete(SECRETS, 's1', { uid: 'u-1', gracePeriodSeconds: 5 });
    await client.delete(SECRETS, 's2', { uid: 'u-2' });
    expect(api.arrived.map(({ method, url, body }) => [method, url, JSON.parse(body)])).toEqual([
      ['DELETE', '/api/v1/namespaces/team-a/secrets/s1', { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid: 'u-1' }, gracePeriodSeconds: 5 }],
      ['DELETE', '/api/v1/namespaces/team-a/secrets/s2', { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid: 'u-2' } }],
    ]);
  });

  test('that would replace whatever is there is refused before it is sent', async () => {
    expect(await failureOf(client.update(SECRETS, { metadata: { name: 's' } }))).toMatch(/^Invalid .*without resourceVersion/);
    expect(api.arrived).toEqual([]);
  });

  test.each<[string, (signal: AbortSignal) => Promise<unknown>]>([
    ['reads', (signal) => client.get(RUNS, 'r1', { signal })],
    ['applies', (signal) => client.apply(RUNS, { metadata: { name: 'r1' } }, { fieldManager: 'operator', signal })],
  ])('that %s with an aborted signal is not sent, and one under way ends with the reason', async (_, call) => {
    await expect(call(AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
    expect(api.arrived).toEqual([]);
    const abort = new AbortController();
    api.answer = () => abort.abort(new Error('closing'));
    await expect(call(abort.signal)).rejects.toThrow('closing');
  });
});

describe('a refusal', () => {
  test.each([
    [400, 'Invalid'], [401, 'Unauthorized'], [403, 'Forbidden'], [404, 'NotFound'], [409, 'Conflict'], [410, 'Gone'], [413, 'TooLarge'],
    [422, 'Invalid'], [429, 'Throttled'], [500, 'Unavailable'], [503, 'Unavailable'], [302, 'Unavailable'],
  ])('with status %i is %s', async (status, code) => {
    api.answer = (response) => json(response, status, { reason: 'Because', message: 'Secret holds planted-value' });
    expect(await failureOf(client.get(SECRETS, 's'))).toBe(`${code} GET /api/v1/namespaces/team-a/secrets/s: ${status} Because`);
    expect(await failureOf(client.apply(RUNS, { metadata: { name: 'r1' } }, { fieldManager: 'operator' }))).toBe(`${code} PATCH ${RUNS_PATH}/r1: ${status} Because`);
  });

  test('names the wait that the API server wants', async () => {
    api.answer = (response) => json(response, 429, {}, { 'retry-after': '7' });
    const error = await client.get(RUNS, 'r1').catch((reason: KubeError) => reason);
    expect(error).toMatchObject({ code: 'Throttled', retryAfterSeconds: 7 });
  });

  test('never repeats the token or the body, not even in its cause', async () => {
    api.answer = (response, { headers, body }) => json(response, 422, { reason: `${headers.authorization} ${body}`, message: body });
    const error = await client.create(SECRETS, { data: { key: 'planted-data' } }).catch((reason: Error) => reason);
    expect(`${JSON.stringify(error)} ${(error as Error).stack} ${String((error as Error).cause)}`).not.toMatch(/planted/);
  });
});

describe('an answer is refused', () => {
  test('that is too long', async () => {
    api.answer = (response) => {
      response.writeHead(200);
      response.on('error', () => undefined);
      const chunk = Buffer.alloc(1024 * 1024, 'x');
      for (let i = 0; i < 20; i += 1) response.write(chunk);
    };
    expect(await failureOf(client.get(RUNS, 'r1'))).toMatch(/^TooLarge .*longer than 16777216 bytes/);
  });

  test.each([
    ['that is not JSON', 'planted garbage', /^Unavailable .*not JSON$/],
    ['that is no object', '[]', /^Unavailable .*not an object/],
    ['that has no metadata', '{"kind":"Status"}', /^Unavailable .*not an object/],
  ])('%s', async (_, body, problem) => {
    api.answer = (response) => response.end(body);
    expect(await failureOf(client.get(RUNS, 'r1'))).toMatch(problem);
  });

  test('that does not begin in time', async () => {
    api.answer = () => undefined;
    expect(await failureOf(client.get(RUNS, 'r1', { timeout: 50 }))).toMatch(/^Unavailable .*no answer within 50 ms/);
  });

  test('that does not end in time', async () => {
    api.answer = (response) => response.write('{"metadata":');
    const later = setTimeout;
    const limits: (() => void)[] = [];
    // The limit of the head, and the one of the whole once the head has come: it is time when the test says so.
    jest.spyOn(globalThis, 'setTimeout').mockImplementation(((run: () => void, ms?: number) => ms === 50 ? limits.push(run) : later(run, ms)) as never);
    const failure = failureOf(client.get(RUNS, 'r1', { timeout: 50 }));
    while (limits.length < 2) await new Promise((next) => setImmediate(next));
    jest.restoreAllMocks();
    limits[1]();
    expect(await failure).toMatch(/^Unavailable .*took longer than 50 ms/);
  });

  test('that is cut off', async () => {
    api.answer = (response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"metadata":');
      setTimeout(() => api.cut(), 10);
    };
    expect(await failureOf(client.get(RUNS, 'r1'))).toMatch(/^Unavailable .*broke off/);
  });

  test('of a server that nobody vouches for', async () => {
    const stranger = new KubeClient({ ...api.connection(), ca: undefined });
    expect(await failureOf(stranger.get(RUNS, 'r1'))).toMatch(/^Unavailable .*DEPTH_ZERO_SELF_SIGNED_CERT/);
    expect(api.arrived).toEqual([]);
  });
});

test('a read whose kept connection was just closed is sent once more, and so is what is applied, as the same again changes nothing; another write is not', async () => {
  api.answer = (response) => json(response, 200, objectNamed('r1'));
  await client.get(RUNS, 'r1');
  let cuts = 0;
  api.answer = (response) => {
    cuts += 1;
    if (cuts === 1) api.cut();
    else json(response, 200, objectNamed('r1'));
  };
  expect((await client.get(RUNS, 'r1')).metadata.name).toBe('r1');
  cuts = 0;
  expect((await client.apply(RUNS, { metadata: { name: 'r1' } }, { fieldManager: 'operator' })).metadata.name).toBe('r1');
  cuts = 0;
  expect(await failureOf(client.update(RUNS, objectNamed('r1')))).toMatch(/^Unavailable PUT .*ECONNRESET/);
});

describe('a list', () => {
  test('is asked for page by page', async () => {
    api.answer = (response, { url }) => json(response, 200, url.includes('continue=') ? { metadata: { resourceVersion: '9' }, items: [] } : { metadata: { resourceVersion: '9', continue: 'a b' }, items: [objectNamed('r1')] });
    const first = await client.list(RUNS, { limit: 1 });
    expect(first).toMatchObject({ continue: 'a b', resourceVersion: '9', items: [{ metadata: { name: 'r1' } }] });
    expect((await client.list(RUNS, { limit: 1, continue: first.continue })).continue).toBeUndefined();
    expect(api.arrived.map(({ url }) => url)).toEqual([`${RUNS_PATH}?limit=1`, `${RUNS_PATH}?limit=1&continue=a+b`]);
  });

  test.each([[{ metadata: { resourceVersion: '1' } }], [{ metadata: {}, items: [] }], [{ metadata: { resourceVersion: '1' }, items: [7] }]])('without its parts is refused: %j', async (body) => {
    api.answer = (response) => json(response, 200, body);
    expect(await failureOf(client.list(RUNS, { limit: 1 }))).toMatch(/^Unavailable/);
  });
});

describe('a watch', () => {
  async function linesUntilEnd(lines: AsyncIterable<string>): Promise<string[]> {
    const seen: string[] = [];
    for await (const line of lines) seen.push(line);
    return seen;
  }

  test('gives whole lines, however they were cut', async () => {
    api.answer = (response) => {
      for (const part of ['{"a":', '1}\n{"ü":"', 'ä"}', '\n']) response.write(part);
      response.end('{"cut":');
    };
    expect(await linesUntilEnd(await client.watch(RUNS, '5'))).toEqual(['{"a":1}', '{"ü":"ä"}']);
    expect(api.arrived[0].url).toBe(`${RUNS_PATH}?watch=true&allowWatchBookmarks=true&resourceVersion=5&timeoutSeconds=270`);
  });

  test('that is refused rejects at once', async () => {
    api.answer = (response) => json(response, 410, { reason: 'Expired' });
    expect(await failureOf(client.watch(RUNS, '5'))).toBe(`Gone GET ${RUNS_PATH}: 410 Expired`);
  });

  test('ends with an error when a line does not end', async () => {
    api.answer = (response) => {
      response.on('error', () => undefined);
      for (let i = 0; i < 5; i += 1) response.write(Buffer.alloc(1024 * 1024, 'x'));
    };
    expect(await failureOf(linesUntilEnd(await client.watch(RUNS, '5')))).toMatch(/^TooLarge .*longer than 4194304 bytes/);
  });

  test('ends with an error when the connection is cut', async () => {
    api.answer = (response) => {
      response.write('{}\n');
      setTimeout(() => api.cut(), 10);
    };
    expect(await failureOf(linesUntilEnd(await client.watch(RUNS, '5')))).toMatch(/^Unavailable .*was cut/);
  });

  test('ends when it is closed', async () => {
    api.answer = (response) => response.write('{}\n');
    const abort = new AbortController();
    const lines = await client.watch(RUNS, '5', abort.signal);
    setTimeout(() => abort.abort(new Error('closing')), 10);
    await expect(linesUntilEnd(lines)).rejects.toThrow('closing');
  });
});
