import { brokerOver } from '../build-broker';
import { harnessRun } from '../documents';
import { egressWorld, GITHUB, OF_RUN, POD_IP, REST, RUN, UPSTREAM } from '../egress-world';

async function world() {
  const broker = egressWorld();
  const egressToken = await broker.runToken();
  const bearer = String((await broker.ask('issue', { name: 'GITHUB_TOKEN' })).body.value);
  broker.records.length = 0;
  broker.output.length = 0;
  const proof = { egressToken, clientAddress: POD_IP };
  const validate = (more: object = {}, headers = {}) => broker.askAs('egress', 'validate-egress', { ...GITHUB, ...proof, ...more }, headers);
  const swap = (more: object = {}, headers = {}) =>
    broker.askAs('egress', 'substitute-auth', { ...GITHUB, ...proof, incomingAuthorization: `Bearer ${bearer}`, ...more }, headers);
  return { ...broker, egressToken, bearer, validate, swap };
}

describe('with a token of the run the egress proxy', () => {
  test('asks for that run, without any header', async () => {
    const { validate, swap, records } = await world();
    expect((await validate()).body).toMatchObject({ allowed: true, matchedPolicy: 'p1', substituteAuth: true });
    expect((await swap()).body.setHeaders).toEqual({ Authorization: `Bearer ${UPSTREAM}` });
    expect(records).toEqual([
      expect.objectContaining({ kind: 'egress-allow', namespace: 'team-a', run: 'r1', caller: 'platform/egress' }),
      expect.objectContaining({ kind: 'credential-issued', namespace: 'team-a', run: 'r1', caller: 'platform/egress' }),
    ]);
  });

  test('may name the run as well', async () => {
    const { validate } = await world();
    expect((await validate({}, OF_RUN)).status).toBe(200);
  });

  test('may show the bearer of the lease in its place, as base URLs have nothing else', async () => {
    const { validate, swap, bearer } = await world();
    expect((await validate({ egressToken: bearer })).body.allowed).toBe(true);
    expect((await swap({ egressToken: bearer })).status).toBe(200);
  });

  test.each(['fd00:0:0:0:0:0:0:7', '::ffff:10.0.0.7'])('is answered for the address %s, however it is spelled', async (clientAddress) => {
    expect((await (await world()).validate({ clientAddress })).status).toBe(200);
  });

  test('is answered from anywhere while no address of the pod is known', async () => {
    const broker = await world();
    broker.world.documents = [harnessRun({}, { phase: 'Running' }), ...REST];
    expect((await broker.validate({ clientAddress: '10.9.9.9' })).status).toBe(200);
    expect((await broker.validate({ clientAddress: undefined })).status).toBe(200);
  });

  test('is told of a run that is gone or over as the run itself is (S4)', async () => {
    const broker = await world();
    broker.world.documents = REST;
    expect(await broker.validate()).toMatchObject({ status: 200, body: { allowed: false } });
    expect(await broker.swap()).toMatchObject({ status: 404, body: { code: 'RunTerminated' } });
    broker.world.documents = [harnessRun({}, { phase: 'Failed', podIPs: [POD_IP] }), ...REST];
    expect(await broker.validate()).toMatchObject({ status: 200, body: { allowed: false } });
    expect(await broker.swap()).toMatchObject({ status: 403, body: { code: 'RunTerminated' } });
  });

  test('still gets nothing for the bearer of another run', async () => {
    const broker = await world();
    broker.world.documents = [RUN, harnessRun({ name: 'r2' }, { phase: 'Running' }), ...REST];
    const { body } = await broker.askAs('operator', 'issue', { name: 'GITHUB_TOKEN' }, { ...OF_RUN, 'x-paddock-run': 'r2' });
    expect(await broker.swap({ incomingAuthorization: `Bearer ${body.value}` })).toMatchObject({ status: 403, body: { code: 'SubstituteFailed' } });
  });
});

describe.each(['validate', 'swap'] as const)('%s is 403 Forbidden', (endpoint) => {
  test.each<[string, object, string]>([
    ['with a token that is none of ours', { egressToken: 'anything' }, 'not one of this broker'],
    ['with a token without seal', { egressToken: 'pdk-egress-eyJ' }, 'not one of this broker'],
    ['from another address', { clientAddress: '10.0.0.8' }, 'not an address of the pod'],
    ['from something that is no address', { clientAddress: '10.0.0.7 ' }, 'not an address of the pod'],
    ['without an address, though those of the pod are known', { clientAddress: undefined }, 'must be there'],
  ])('%s', async (_, more, message) => {
    const broker = await world();
    expect(await broker[endpoint](more)).toMatchObject({ status: 403, body: { code: 'Forbidden', message: expect.stringContaining(message) } });
    expect(broker.output.join()).not.toContain(broker.egressToken.slice(20));
  });

  test.each([{ ...OF_RUN, 'x-paddock-run': 'r2' }, { ...OF_RUN, 'x-paddock-run-namespace': 'team-b' }])('with headers that name another run: %j', async (headers) => {
    const broker = await world();
    expect(await broker[endpoint]({}, headers)).toMatchObject({ status: 403, body: { code: 'Forbidden', message: expect.stringContaining('another run') } });
  });

  test('with a token of an earlier run of the name', async () => {
    const broker = await world();
    broker.world.documents = [harnessRun({ uid: 'later' }, { phase: 'Running', podIPs: [POD_IP] }), ...REST];
    expect(await broker[endpoint]()).toMatchObject({ status: 403, body: { code: 'Forbidden', message: 'the egress token belongs to another run' } });
  });

  test('with a token of another broker', async () => {
    const broker = await world();
    expect(await broker[endpoint]({ egressToken: await egressWorld().runToken() })).toMatchObject({ status: 403, body: { code: 'Forbidden' } });
  });

  test('with the bearer of a lease that is revoked or has ended', async () => {
    const broker = await world();
    const { leaseId } = (await broker.ask('issue', { name: 'GITHUB_TOKEN' })).body;
    broker.world.documents = [harnessRun({}, { phase: 'Running', podIPs: [POD_IP], revokedLeases: { [leaseId]: '2026-05-04T09:00:00Z' } }), ...REST];
    expect((await broker[endpoint]({ egressToken: broker.bearer })).body.message).toBe('the lease of the egress token is revoked');
    broker.world.now += 3600_000;
    expect((await broker[endpoint]({ egressToken: broker.bearer })).body.message).toBe('the egress token has expired');
  });

  test('for a caller without the capability, whatever it shows', async () => {
    const broker = await world();
    const { status, body } = await broker.askAs('nobody', endpoint === 'validate' ? 'validate-egress' : 'substitute-auth', { ...GITHUB, egressToken: broker.egressToken, incomingXApiKey: 'x' }, OF_RUN);
    expect({ status, code: body.code }).toEqual({ status: 403, code: 'Forbidden' });
  });

  test('and a token that somebody else shows is recorded, once in a while', async () => {
    const broker = await world();
    for (let i = 0; i < 20; i += 1) await broker[endpoint]({ clientAddress: '10.0.0.8' });
    expect(broker.records).toEqual([expect.objectContaining({
      decision: 'denied', kind: endpoint === 'validate' ? 'egress-block' : 'credential-denied', run: 'r1', reason: 'Forbidden: clientAddress is not an address of the pod',
    })]);
  });
});

test.each(['validate', 'swap'] as const)('%s without a token is 403 for the run of the headers, and 400 when there is none', async (endpoint) => {
  const broker = await world();
  const refusal = async (headers = {}) => (await broker[endpoint]({ egressToken: undefined }, headers)).body;
  expect(await refusal(OF_RUN)).toMatchObject({ code: 'Forbidden', message: expect.stringContaining('needs an egressToken') });
  expect(await refusal()).toMatchObject({ code: 'BadRequest', message: expect.stringContaining('x-paddock-run is required') });
});

test('a token that the run itself shows is checked, too', async () => {
  const { ask, egressToken } = await world();
  expect((await ask('validate-egress', { ...GITHUB, egressToken, clientAddress: POD_IP })).status).toBe(200);
  expect((await ask('validate-egress', { ...GITHUB, egressToken, clientAddress: '10.0.0.8' })).status).toBe(403);
});

test('the limit of a run counts what is proven only: guessing takes nothing from it', async () => {
  const broker = egressWorld(undefined, { limits: { validate: { perSecond: 0.001, burst: 2 } } });
  const proof = { ...GITHUB, egressToken: await broker.runToken(), clientAddress: POD_IP };
  for (let i = 0; i < 9; i += 1) await broker.askAs('egress', 'validate-egress', { ...proof, clientAddress: '10.0.0.8' });
  const statuses = [1, 2, 3].map(async () => (await broker.askAs('egress', 'validate-egress', proof)).status);
  expect(await Promise.all(statuses)).toEqual([200, 200, 429]);
});

test('a header twice, a body too long and a token too long are refused as bad requests', async () => {
  const { send, askAs } = egressWorld();
  expect((await askAs('egress', 'validate-egress', { ...GITHUB, egressToken: 'x'.repeat(8193) })).body.code).toBe('BadRequest');
  expect((await askAs('egress', 'validate-egress', { ...GITHUB, egressToken: 'x', clientAddress: 'x'.repeat(46) })).body.code).toBe('BadRequest');
  expect((await askAs('egress', 'validate-egress', { ...GITHUB, egressToken: 1 })).body.code).toBe('BadRequest');
  expect((await send('/v1/validate-egress', `{"host":"${'x'.repeat(65_536)}"}`)).body.code).toBe('BadRequest');
  expect((await askAs('egress', 'validate-egress', GITHUB, { 'x-paddock-run-namespace': 'team-a' })).body.code).toBe('BadRequest');
  expect((await brokerOver([RUN, ...REST]).ask('validate-egress', GITHUB, { 'x-paddock-run': undefined })).body.code).toBe('BadRequest');
});
