import { NAMESPACE, PodServer, T0, Fate } from './pod-server';
import { claimFor, closeAll, HOUR, outcomeOf, replicaOf, SMALL } from './provider-world';
import { LABELS } from '../../../../src/protocol/names';
import { settle } from '../../kube/watched-server';

const ID = '3f1b0c1e-53f0-4c57-9a57-0a3c6f0f2a11';
const OTHER = '9f1b0c1e-53f0-4c57-9a57-0a3c6f0f2a22';

let server: PodServer;

beforeEach(() => {
  server = new PodServer();
});

afterEach(closeAll);

const taken = { [LABELS.state]: 'claimed', [LABELS.session]: OTHER };

describe('a claim', () => {
  test('is one patch that names UID and state, and gives the pod to the session, an owner and an end', async () => {
    server.make({ name: 'w1', ip: '10.0.0.7' });
    const { provider } = await replicaOf(server);
    const { worker, podIPs } = await provider.claim(SMALL, claimFor(ID));
    expect(worker).toEqual({ pool: 'small', podName: 'w1', podUid: 'uid-of-w1', podIP: '10.0.0.7', entryPoints: [{ path: '/', protocol: 'HTTP', port: 8080 }] });
    expect(podIPs).toEqual(['10.0.0.7', 'fd00::1']);
    expect(server.patches).toEqual([{
      name: 'w1',
      steps: [
        { op: 'test', path: '/metadata/uid', value: 'uid-of-w1' },
        { op: 'test', path: '/metadata/labels/cdk8s-agent-platform~1state', value: 'warm' },
        { op: 'replace', path: '/metadata/labels/cdk8s-agent-platform~1state', value: 'claimed' },
        { op: 'add', path: '/metadata/labels/cdk8s-agent-platform~1session', value: ID },
        {
          op: 'add',
          path: '/metadata/ownerReferences/-',
          value: { apiVersion: 'v1', kind: 'ConfigMap', name: 'pool-small', uid: 'uid-of-pool-small', controller: false, blockOwnerDeletion: false },
        },
        { op: 'add', path: '/spec/activeDeadlineSeconds', value: 9 * 60 * 60 },
      ],
    }]);
  });

  test('uses the entry points of its pool', async () => {
    server.make({ name: 'w1' });
    const { provider } = await replicaOf(server);
    const entryPoints = [{ path: '/api', protocol: 'HTTPS', port: 8443 }] as const;
    expect((await provider.claim({ ...SMALL, entryPoints }, claimFor(ID))).worker.entryPoints).toEqual(entryPoints);
  });

  test.each([[T0 + 1_500, 2], [T0 + 1, 1], [T0 - HOUR, 1]])('with the deadline %d ends after %d whole seconds from the start of the pod', async (deadline, seconds) => {
    server.make({ name: 'w1' });
    const { provider } = await replicaOf(server);
    await provider.claim(SMALL, claimFor(ID, { deadline }));
    expect(server.patches[0].steps.at(-1)).toMatchObject({ path: '/spec/activeDeadlineSeconds', value: seconds });
  });

  test('asks for the owner once for many, and again when it may have changed', async () => {
    for (const name of ['w1', 'w2', 'w3', 'w4']) server.make({ name });
    const { provider, time } = await replicaOf(server);
    await Promise.all([provider.claim(SMALL, claimFor('a')), provider.claim(SMALL, claimFor('b'))]);
    await provider.claim(SMALL, claimFor('c'));
    expect(server.reads).toBe(1);
    server.configMaps.set('pool-small', 'uid-of-another');
    time.steady += 60_000;
    await provider.claim(SMALL, claimFor('d'));
    expect(server.patches[3].steps[4].value).toMatchObject({ uid: 'uid-of-another' });
  });

  test('without an owner fails and takes no pod; it works as soon as there is one', async () => {
    server.make({ name: 'w1' });
    server.configMaps.clear();
    const { provider } = await replicaOf(server);
    expect(await outcomeOf(provider.claim(SMALL, claimFor(ID)))).toBe('Unavailable');
    expect(server.patches).toEqual([]);
    server.configMaps.set('pool-small', 'uid-of-pool-small');
    expect(await outcomeOf(provider.claim(SMALL, claimFor(ID)))).toBe('w1');
  });
});

describe('a race that is lost', () => {
  test('to another session leads to the next pod', async () => {
    server.make({ name: 'w1' });
    server.make({ name: 'w2', createdAt: T0 + 1 });
    const { provider } = await replicaOf(server);
    const claim = provider.claim(SMALL, claimFor(ID));
    server.label('w1', taken);
    expect(await outcomeOf(claim)).toBe('w2');
    expect(server.patches.map(({ name }) => name)).toEqual(['w1', 'w2']);
    expect(server.labelsOf('w1')).toMatchObject(taken);
  });

  test('to whoever deleted the pod leads to the next pod, even if there is another of its name', async () => {
    server.make({ name: 'w1' });
    server.make({ name: 'w2', createdAt: T0 + 1 });
    const { provider } = await replicaOf(server);
    const claim = provider.claim(SMALL, claimFor(ID));
    server.remove('w1');
    server.make({ name: 'w1', uid: 'uid-of-the-new-w1', createdAt: T0 + 2, ready: false });
    expect(await outcomeOf(claim)).toBe('w2');
    expect(server.labelsOf('w1')).toMatchObject({ [LABELS.state]: 'warm' });
  });

  test('to the end of the pod does away with it and leads to the next one', async () => {
    server.make({ name: 'w1' });
    server.make({ name: 'w2', createdAt: T0 + 1 });
    const { provider } = await replicaOf(server);
    const claim = provider.claim(SMALL, claimFor(ID));
    server.change('w1', (pod) => { pod.status.phase = 'Failed'; });
    expect(await outcomeOf(claim)).toBe('w2');
    expect(server.deleted.map(({ name }) => name)).toEqual(['w1']);
  });
});

describe('a refusal', () => {
  test.each<Fate>(['Invalid', 'Conflict', 'Forbidden', 'Unauthorized', 'Throttled'])('(%s) of a pod that is still warm is no lost race', async (fate) => {
    server.make({ name: 'w1' });
    server.make({ name: 'w2' });
    server.fates = [fate];
    const { provider } = await replicaOf(server);
    await expect(provider.claim(SMALL, claimFor(ID))).rejects.toMatchObject({ code: 'Unavailable', message: expect.stringContaining(`PATCH w1: ${fate}`) });
    expect(server.patches).toHaveLength(1);
    expect(await outcomeOf(provider.claim(SMALL, claimFor(OTHER)))).toBe('w1');
  });
});

describe('an answer that is lost', () => {
  test('is read from the pod', async () => {
    server.make({ name: 'w1' });
    server.make({ name: 'w2' });
    server.fates = ['lost on the way back'];
    const { provider } = await replicaOf(server);
    expect(await outcomeOf(provider.claim(SMALL, claimFor(ID)))).toBe('w1');
    expect(server.patches).toHaveLength(1);
  });

  test('with its request means the same pod again, never another', async () => {
    server.make({ name: 'w1' });
    server.make({ name: 'w2' });
    server.fates = ['lost on the way', 'late'];
    const { provider } = await replicaOf(server);
    expect(await outcomeOf(provider.claim(SMALL, claimFor(ID)))).toBe('w1');
    expect(server.patches.map(({ name }) => name)).toEqual(['w1', 'w1', 'w1']);
    server.arrive();
    expect(server.labelsOf('w2')).toMatchObject({ [LABELS.state]: 'warm' });
  });

  test('of a pod that somebody else has by then leads to the next pod', async () => {
    server.make({ name: 'w1' });
    server.make({ name: 'w2', createdAt: T0 + 1 });
    server.fates = ['late'];
    const { provider } = await replicaOf(server);
    const claim = provider.claim(SMALL, claimFor(ID));
    server.label('w1', taken);
    expect(await outcomeOf(claim)).toBe('w2');
    server.arrive();
    expect(server.labelsOf('w1')).toMatchObject(taken);
  });

  test('for good fails, and what arrives after that can be found and released', async () => {
    server.make({ name: 'w1' });
    server.make({ name: 'w2' });
    server.fates = ['late', 'late', 'late'];
    const { provider } = await replicaOf(server);
    expect(await outcomeOf(provider.claim(SMALL, claimFor(ID)))).toBe('Unavailable');
    server.arrive();
    await settle();
    expect(await provider.claimed()).toEqual([{ namespace: NAMESPACE, pool: 'small', sessionId: ID, claimedBy: T0 + HOUR }]);
    await provider.release(NAMESPACE, ID);
    expect([...server.pods.keys()]).toEqual(['w2']);
  });

  test('and a pod that cannot be read either are a failure at once', async () => {
    server.make({ name: 'w1' });
    server.make({ name: 'w2' });
    server.fates = ['last'];
    const { provider } = await replicaOf(server);
    expect(await outcomeOf(provider.claim(SMALL, claimFor(ID)))).toBe('Unavailable');
    expect(server.patches).toHaveLength(1);
  });
});
