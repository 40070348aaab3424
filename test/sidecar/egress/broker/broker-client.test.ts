import { rmSync, writeFileSync } from 'node:fs';
import { Brokers, ONE, TWO } from './brokers';
import { brokerClient } from '../../../../sidecar/src/egress/broker/broker-client';
import { BrokerFailure } from '../../../../sidecar/src/egress/broker/broker-failure';
import { BROKER_STATUS, MAX_BROKER_BODY } from '../../../../src/protocol/broker-api';

const QUESTION = { host: 'api.example.com', port: 443, egressToken: 'pdk-egress-planted', clientAddress: '10.0.0.7' };
const brokers = new Brokers();

beforeAll(() => brokers.start());
beforeEach(() => brokers.reset());
afterAll(() => brokers.close());

const failure = async (asking: Promise<unknown>): Promise<BrokerFailure> => {
  const error: unknown = await asking.then(() => 'it went well', (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(BrokerFailure);
  expect(JSON.stringify([String(error), error])).not.toContain('planted');
  return error as BrokerFailure;
};
const askedAt = (): string[] => brokers.asked.map(({ at }) => at);
const both = (behaviour: object): void => { brokers.behaviour[ONE] = brokers.behaviour[TWO] = behaviour; };

test('questions are asked as the proxy, on behalf of the run', async () => {
  both({ body: '{"allowed":true,"substituteAuth":true,"validForSeconds":10,"matchedPolicy":null,"of":"another version"}' });
  const client = brokers.client();
  expect(await client.validate(QUESTION)).toEqual({ allowed: true, substituteAuth: true, validForSeconds: 10 });
  both({ body: '{"setHeaders":{"X-Api-Key":"real"},"allowedHeaders":["Accept"],"setQueryParams":{"key":"real"}}' });
  expect(await client.substitute({ ...QUESTION, method: 'GET', headers: { accept: '*/*' } })).toEqual({ setHeaders: { 'X-Api-Key': 'real' }, allowedHeaders: ['Accept'], setQueryParams: { key: 'real' } });
  expect(brokers.asked).toMatchObject([
    { path: '/v1/validate-egress', authorization: 'Bearer token-1', body: QUESTION },
    { path: '/v1/substitute-auth', authorization: 'Bearer token-1', body: { ...QUESTION, method: 'GET' } },
  ]);
});

test('connections are kept, and replicas take turns', async () => {
  const client = brokers.client();
  const { connections } = brokers;
  for (let turn = 0; turn < 8; turn += 1) await client.validate(QUESTION);
  expect(brokers.connections - connections).toBe(2);
  expect(askedAt().filter((at) => at === ONE)).toHaveLength(4);
});

test('the token of the file is the one that is shown', async () => {
  const client = brokers.client();
  await client.validate(QUESTION);
  writeFileSync(brokers.tokenFile, 'token-22\n');
  await client.validate(QUESTION);
  expect(brokers.asked.map(({ authorization }) => authorization)).toEqual(['Bearer token-1', 'Bearer token-22']);
});

test('the token of before is shown while the file is being replaced', async () => {
  const client = brokers.client();
  await client.validate(QUESTION);
  rmSync(brokers.tokenFile);
  await client.validate(QUESTION);
  writeFileSync(brokers.tokenFile, '');
  await client.validate(QUESTION);
  writeFileSync(brokers.tokenFile, 'token-2');
  await client.validate(QUESTION);
  expect(brokers.asked.map(({ authorization }) => authorization)).toEqual(['Bearer token-1', 'Bearer token-1', 'Bearer token-1', 'Bearer token-2']);
});

describe('another replica is asked once', () => {
  test.each<[string, object]>([['resets the connection', { reset: true }], ['does not answer in time', { hang: true }], ['cannot serve', { status: 503, body: '{"code":"AuditUnavailable"}' }]])('when one %s', async (_what, behaviour) => {
    brokers.behaviour[ONE] = behaviour;
    const client = brokers.client();
    for (let turn = 0; turn < 4; turn += 1) expect(await client.validate(QUESTION)).toEqual({ allowed: true });
    // It failed once, and comes last for a while.
    expect(askedAt().filter((at) => at === ONE)).toHaveLength(1);
    brokers.now += 5_000;
    await client.validate(QUESTION);
    await client.validate(QUESTION);
    expect(askedAt().filter((at) => at === ONE)).toHaveLength(2);
  });

  test('when nobody listens at one', async () => {
    brokers.addresses = ['127.0.0.3', TWO];
    const client = brokers.client();
    expect(await Promise.all([client.validate(QUESTION), client.validate(QUESTION)])).toEqual([{ allowed: true }, { allowed: true }]);
    expect(askedAt()).toEqual([TWO, TWO]);
  });

  test('and then the failure is told', async () => {
    both({ reset: true });
    expect(await failure(brokers.client().validate(QUESTION))).toMatchObject({ kind: 'Unavailable', message: expect.stringMatching(/^the connection to the broker failed: [A-Z_]+$/) });
    expect(askedAt().sort()).toEqual([ONE, TWO]);
    both({ hang: true });
    expect(await failure(brokers.client().validate(QUESTION))).toMatchObject({ kind: 'Unavailable', message: 'the broker has not answered in time' });
  });

  test('or the same one over another connection, when it is the only address', async () => {
    brokers.addresses = [TWO];
    const client = brokers.client();
    await client.validate(QUESTION);
    brokers.behaviour[TWO] = { reset: true };
    await failure(client.validate(QUESTION));
    expect(brokers.asked).toHaveLength(3);
    brokers.behaviour[TWO] = { status: 503, body: '' };
    await failure(client.validate(QUESTION));
    expect(brokers.asked).toHaveLength(4);
  });
});

test('a replica that has not answered is dialled anew, as its other connections may be as dead', async () => {
  brokers.addresses = [TWO];
  const client = brokers.client();
  await Promise.all([client.validate(QUESTION), client.validate(QUESTION), client.validate(QUESTION)]);
  const before = brokers.asked.map(({ by }) => by);
  expect(new Set(before).size).toBe(3);
  brokers.behaviour[TWO] = { hang: true };
  await failure(client.validate(QUESTION));
  expect(brokers.asked.slice(3).map(({ by }) => before.includes(by))).toEqual([true, false]);
});

test('connections that a replica ended while nobody asked are no failure', async () => {
  const client = brokers.client();
  await Promise.all([client.validate(QUESTION), client.validate(QUESTION)]);
  brokers.cut();
  expect(await client.validate(QUESTION)).toEqual({ allowed: true });
});

test('addresses are looked up again, and those that are gone are not asked', async () => {
  const addressesOf = jest.fn(async () => brokers.addresses);
  const client = brokers.client({ addressesOf });
  await client.validate(QUESTION);
  brokers.addresses = [TWO];
  brokers.now += 5_000;
  await client.validate(QUESTION);
  brokers.asked.length = 0;
  for (let turn = 0; turn < 4; turn += 1) await client.validate(QUESTION);
  expect(askedAt()).toEqual([TWO, TWO, TWO, TWO]);
  expect(addressesOf).toHaveBeenCalledTimes(2);
});

test('without an answer of DNS the known addresses serve on', async () => {
  let isBroken = false;
  const addressesOf = jest.fn(async () => { if (isBroken) throw new Error('10.96.0.10'); return [ONE]; });
  const client = brokers.client({ addressesOf });
  await client.validate(QUESTION);
  isBroken = true;
  brokers.now += 60_000;
  for (let turn = 0; turn < 3; turn += 1) expect(await client.validate(QUESTION)).toEqual({ allowed: true });
  expect(addressesOf).toHaveBeenCalledTimes(2);
  const lost = brokers.client({ addressesOf });
  expect(await failure(lost.validate(QUESTION))).toMatchObject({ kind: 'Unavailable', message: 'there is no address of the broker' });
});

describe('the broker refuses', () => {
  const OURS = ['Unauthorized', 'NotFound', 'RateLimited'];
  const refusals = Object.entries(BROKER_STATUS).flatMap(([code, statuses]) => (statuses as readonly number[])
    .filter((status) => status < 500 && !OURS.includes(code)).map((status) => [code, status] as const));

  test.each(refusals)('%s with %d', async (code, status) => {
    both({ status, body: JSON.stringify({ code, message: 'planted' }) });
    expect(await failure(brokers.client().validate(QUESTION))).toMatchObject({ kind: 'Refused', code, status, message: `the broker answered ${status} ${code}` });
    expect(brokers.asked).toHaveLength(1);
  });

  test.each([['RateLimited', 429], ['NotFound', 404], ['Unauthorized', 401]])('nobody by %s, and is not asked again', async (code, status) => {
    both({ status, body: JSON.stringify({ code }) });
    expect(await failure(brokers.client().validate(QUESTION))).toMatchObject({ kind: 'Unavailable', code, status });
    expect(brokers.asked).toHaveLength(1);
  });

  test('by the size of a question, before it is asked', async () => {
    expect(await failure(brokers.client().substitute({ ...QUESTION, path: 'x'.repeat(MAX_BROKER_BODY) }))).toMatchObject({ kind: 'Refused', code: 'BadRequest' });
    expect(brokers.asked).toEqual([]);
  });
});

describe('no use is made of', () => {
  test.each<[number, string]>([
    [401, '{"code":"Unauthorized"}'], [500, '{"code":"ProviderFailure"}'], [403, '{"code":"Planted"}'], [403, '{"code":"BearerUnknown"}'], [404, 'planted'], [302, ''], [204, ''], [200, ''], [200, 'planted'], [200, '[]'],
    [200, 'null'], [200, '{}'], [200, '{"allowed":"yes"}'], [200, '{"allowed":null}'], [200, '{"allowed":true,"validForSeconds":"10"}'], [200, '{"allowed":true,"substituteAuth":1}'], [200, `{"allowed":true,"reason":"${'x'.repeat(300_000)}"}`],
  ])('%d %.40j', async (status, body) => {
    both({ status, body });
    expect(await failure(brokers.client().validate(QUESTION))).toMatchObject({ kind: 'Unavailable' });
  });

  test.each([
    '{"setHeaders":{"x":"a\\r\\nplanted: b"}}', '{"setHeaders":{"x y":"planted"}}', '{"setHeaders":{"x":1}}', '{"setHeaders":["planted"]}', '{"removeHeaders":"planted"}', '{"allowedHeaders":[1]}', '{"setQueryParams":{"a":null}}',
    '{"allowedQueryParams":{}}',
  ])('credentials such as %s', async (body) => {
    both({ body });
    expect(await failure(brokers.client().substitute(QUESTION))).toMatchObject({ kind: 'Unavailable', message: 'the broker answered with what is no answer' });
  });
});

describe('nothing is sent', () => {
  test('without TLS', () => {
    expect(() => brokerClient({ url: 'http://broker', tokenFile: brokers.tokenFile, clock: () => 0 })).toThrow(RangeError);
  });

  test('without a token, or while the authorities cannot be read', async () => {
    writeFileSync(brokers.tokenFile, '');
    expect(await failure(brokers.client().validate(QUESTION))).toMatchObject({ kind: 'Unavailable', message: `${brokers.tokenFile} cannot be read` });
    writeFileSync(brokers.tokenFile, 'token-1');
    expect(await failure(brokers.client({ caFile: `${brokers.caFile}.none` }).validate(QUESTION))).toMatchObject({ kind: 'Unavailable', message: 'the authorities of the broker cannot be read' });
    expect(brokers.asked).toEqual([]);
  });

  test('to a server of another authority, until the file names it; nor to one of another name', async () => {
    const client = brokers.client();
    const other = await brokers.changeAuthority();
    expect(await failure(client.validate(QUESTION))).toMatchObject({ kind: 'Unavailable' });
    expect(brokers.asked).toEqual([]);
    writeFileSync(brokers.caFile, other);
    expect(await client.validate(QUESTION)).toEqual({ allowed: true });
    writeFileSync(brokers.caFile, await brokers.changeAuthority('other.agents.svc'));
    expect(await failure(client.validate(QUESTION))).toMatchObject({ kind: 'Unavailable', message: 'the connection to the broker failed: ERR_TLS_CERT_ALTNAME_INVALID' });
  });
});
