import { answered, CODER, conditionOf, FakeBroker, LeaseWorld, SECOND } from './lease-world';
import { issueCredentials } from '../../../../../sidecar/src/operator/runs/leases/credentials';
import { isSameTemplate, TemplateIdentity } from '../../../../../src/protocol/policy';
import { PREREQUISITE_SECONDS } from '../../../../../src/protocol/runs';

const NAMES = ['A_TOKEN', 'B_TOKEN'];
const PINNED: TemplateIdentity = { ...CODER, imageDigest: `sha256:${'a'.repeat(64)}` };

let broker: FakeBroker;
let world: LeaseWorld;
/** What the broker takes for the template of the run. */
let judged: TemplateIdentity;
beforeEach(() => {
  broker = new FakeBroker(() => world.now);
  world = new LeaseWorld(broker);
  judged = CODER;
  broker.before = (_, name) => {
    if (!isSameTemplate(broker.templates.get(name)!, judged)) throw answered('CredentialNotFound');
  };
  broker.more = (name) => ({ value: `${name} for ${judged.imageDigest ?? 'any image'}` });
});

const issue = (template: TemplateIdentity) => world.look((work) => issueCredentials(world.deps, work, NAMES, template));
const values = (of: string) => ({ kind: 'done', value: { A_TOKEN: `A_TOKEN for ${of}`, B_TOKEN: `B_TOKEN for ${of}` } });

test('each credential is asked for with the template that the pod will be made of', async () => {
  expect(await issue(CODER)).toEqual(values('any image'));
  expect([...broker.templates]).toEqual([['A_TOKEN', CODER], ['B_TOKEN', CODER]]);
});

test('a broker that sees another template is asked again in a moment, with what the pod will be made of by then', async () => {
  judged = PINNED;
  expect(await issue(CODER)).toMatchObject({
    kind: 'wait', reason: 'BrokerUnavailable', againAfter: SECOND, message: expect.stringMatching(/A_TOKEN: CredentialNotFound \(.*the template .*was another one when it was asked/),
  });
  expect(conditionOf(world.committed, 'BrokerCredentialsReady')).toBe('False Issuing: 0 of 2 credentials issued');
  world.now += SECOND;
  expect(await issue(PINNED)).toEqual(values(PINNED.imageDigest!));
});

test('a run whose template is never the one that the broker sees ends, and got nothing', async () => {
  const flip = async (look: number) => {
    judged = look % 2 === 0 ? PINNED : CODER;
    return issue(look % 2 === 0 ? CODER : PINNED);
  };
  expect((await flip(0)).kind).toBe('wait');
  world.now += PREREQUISITE_SECONDS * SECOND - 1;
  expect((await flip(1)).kind).toBe('wait');
  world.now += 1;
  expect(await flip(2)).toMatchObject({ kind: 'fail', reason: 'BrokerDenied' });
  expect(world.committed).not.toHaveProperty('issuedLeases');
});

describe('when the broker gives no more at once,', () => {
  /** Gives the first of them, and the other one with the next look. */
  const limited = async (template: TemplateIdentity) => {
    const usual = broker.before;
    broker.before = (_, name) => { if (name === 'B_TOKEN') throw answered('RateLimited'); };
    expect(await issue(template)).toMatchObject({ kind: 'wait', reason: 'InProgress' });
    broker.before = usual;
    broker.asked.length = 0;
    world.now += SECOND;
  };

  test('what it gave for the same template is not asked for again', async () => {
    await limited(CODER);
    expect(await issue({ ...CODER })).toEqual(values('any image'));
    expect(broker.asked).toEqual(['issue B_TOKEN']);
  });

  test('what it gave for another template does not reach the pod', async () => {
    await limited(CODER);
    judged = PINNED;
    expect(await issue(PINNED)).toEqual(values(PINNED.imageDigest!));
    expect(broker.asked.sort()).toEqual(['issue A_TOKEN', 'issue B_TOKEN']);
  });

  test('what it gave before the template was changed to and fro does not reach the pod', async () => {
    await limited(CODER);
    judged = PINNED;
    expect((await issue(PINNED)).kind).toBe('done');
    judged = CODER;
    broker.asked.length = 0;
    expect(await issue(CODER)).toEqual(values('any image'));
    expect(broker.asked.sort()).toEqual(['issue A_TOKEN', 'issue B_TOKEN']);
  });
});
