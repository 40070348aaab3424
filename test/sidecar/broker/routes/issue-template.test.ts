import type { NamedTemplate } from '../../../../src/protocol/broker-api';
import { brokerOver } from '../build-broker';
import { brokerPolicy, clusterTemplate, harnessRun, harnessTemplate, headerGrant, secret } from '../documents';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const OTHER_DIGEST = `sha256:${'b'.repeat(64)}`;
const PINNED: NamedTemplate = { name: 'coder', kind: 'HarnessTemplate', imageDigest: DIGEST };
const UNPINNED: NamedTemplate = { name: 'coder', kind: 'HarnessTemplate' };

/** Handed out as it is, for the pinned image alone; any other gets what is for tests. */
const grantOf = (key: string) => ({
  credentials: [{ name: 'KEY', provider: { kind: 'UserSuppliedSecret', secretRef: { name: 'upstream', key }, deliveryMode: { inContainer: { accepted: true, reason: 'the tool cannot use a proxy at all' } } } }],
});
const REST = [
  brokerPolicy({ name: 'a-production' }, { imageDigests: [DIGEST], grants: grantOf('production') }),
  brokerPolicy({ name: 'b-test' }, { grants: grantOf('test') }),
  secret({ production: 'planted-production', test: 'planted-test' }),
];
const template = (image: string) => harnessTemplate({}, ['KEY'], { image });
const GOOD = template(`registry.example.com/coder@${DIGEST}`);
const EVIL = template('evil.example.com/x:1');
const RUN = harnessRun();

const issue = (documents: readonly object[], named?: unknown) => brokerOver(documents).ask('issue', { name: 'KEY', template: named });

test.each<[string, object, NamedTemplate, string]>([
  ['a pinned image', GOOD, PINNED, 'planted-production'],
  ['an image that is not pinned', EVIL, UNPINNED, 'planted-test'],
  ['one that says that it shadows none', EVIL, { ...UNPINNED, shadows: false }, 'planted-test'],
])('a caller that names the template of the run gets what is granted to it: %s', async (_, present, named, value) => {
  expect(await issue([RUN, present, ...REST], named)).toMatchObject({ status: 200, body: { value } });
});

test('a caller that names none gets what is granted to the template of the run', async () => {
  expect(await issue([RUN, GOOD, ...REST])).toMatchObject({ status: 200, body: { value: 'planted-production' } });
});

describe('a caller that works with another template than the broker gets nothing:', () => {
  test.each<[string, readonly object[], NamedTemplate]>([
    ['the image of the pod is not the pinned one', [GOOD], UNPINNED],
    ['the image of the pod is pinned to another digest', [GOOD], { ...PINNED, imageDigest: OTHER_DIGEST }],
    ['the image of the pod is the pinned one, and the present one is not', [EVIL], PINNED],
    ['it has another name', [GOOD], { ...PINNED, name: 'other' }],
    ['it is one of the cluster', [GOOD], { ...PINNED, kind: 'ClusterHarnessTemplate' }],
    ['a cluster template has got its name since', [GOOD, clusterTemplate()], PINNED],
    ['no cluster template has its name any more', [GOOD], { ...PINNED, shadows: true }],
  ])('%s', async (_, present, named) => {
    const { ask, records, output } = brokerOver([RUN, ...present, ...REST]);
    expect(await ask('issue', { name: 'KEY', template: named })).toMatchObject({
      status: 404, body: { code: 'CredentialNotFound', message: expect.stringMatching(/^template must be the one of the run, which is HarnessTemplate coder /) },
    });
    expect(records).toEqual([expect.objectContaining({ decision: 'denied', kind: 'credential-denied', credential: { name: 'KEY' } })]);
    expect(output.join()).not.toContain('planted-');
  });

  test('nor is what it sent repeated', async () => {
    const { ask, output } = brokerOver([RUN, GOOD, ...REST]);
    expect((await ask('issue', { name: 'KEY', template: { ...PINNED, imageDigest: 'sent-by-mistake' } })).status).toBe(404);
    expect(output.join()).not.toContain('sent-by-mistake');
  });
});

describe('a run that has a pod', () => {
  const running = (made: NamedTemplate) => harnessRun({}, { phase: 'Running', podUID: 'pod-1', template: made });

  test('is judged by what that was made of, whatever became of its template', async () => {
    expect(await issue([running(PINNED), EVIL, ...REST], PINNED)).toMatchObject({ status: 200, body: { value: 'planted-production' } });
  });

  test('gets nothing for what its template has become', async () => {
    expect((await issue([running(UNPINNED), GOOD, ...REST], PINNED)).body.code).toBe('CredentialNotFound');
  });

  test('has its leases renewed after its template was changed, and after it was deleted', async () => {
    const proxied = headerGrant('KEY', ['api.example.com'], 'test');
    const rest = [brokerPolicy({}, { imageDigests: [DIGEST], grants: { credentials: [proxied], egress: [{ host: 'api.example.com' }] } }), secret({ test: 'planted-test' })];
    const { ask, world } = brokerOver([harnessRun({}, { phase: 'Running' }), GOOD, ...rest]);
    const { leaseId } = (await ask('issue', { name: 'KEY', template: PINNED })).body;
    for (const present of [[EVIL], []]) {
      world.documents = [running(PINNED), ...present, ...rest];
      expect((await ask('renew', { names: ['KEY'] })).body).toEqual({ leases: [{ name: 'KEY', leaseId, expiresAt: expect.any(String) }] });
    }
  });
});

test.each<[string, unknown]>([
  ['a text', 'coder'],
  ['null', null],
  ['without name', { kind: 'HarnessTemplate' }],
  ['without kind', { name: 'coder' }],
  ['of a kind that is none', { ...PINNED, kind: 'Template' }],
  ['with a name that no object has', { ...PINNED, name: 'Coder' }],
  ['with a digest that is no text', { ...PINNED, imageDigest: 1 }],
  ['with a digest without end', { ...PINNED, imageDigest: 'x'.repeat(10_000) }],
  ['with a field that is not known', { ...PINNED, image: 'coder:1' }],
])('a template that is malformed is refused: %s', async (_, named) => {
  expect(await issue([RUN, GOOD, ...REST], named)).toMatchObject({ status: 400, body: { code: 'BadRequest' } });
});
