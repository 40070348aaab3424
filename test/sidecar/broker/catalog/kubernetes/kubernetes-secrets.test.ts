import { KubernetesSecrets } from '../../../../../sidecar/src/broker/catalog/kubernetes/kubernetes-secrets';
import type { KubeClient } from '../../../../../sidecar/src/kube/client';
import { KubeError } from '../../../../../sidecar/src/kube/kube-error';

const T0 = Date.UTC(2026, 0, 1);

describe('a Secret', () => {
  function secretsOf(data: unknown) {
    const time = { now: T0 };
    const world = { data, asked: 0, failure: undefined as KubeError | undefined };
    const get = async () => {
      world.asked += 1;
      if (world.failure !== undefined) throw world.failure;
      if (world.data === undefined) throw new KubeError('NotFound', 'not there');
      return { metadata: { name: 's' }, type: 'Opaque', data: world.data };
    };
    return { time, world, secrets: new KubernetesSecrets({ get } as unknown as KubeClient, () => time.now) };
  }

  const base64 = (text: string) => Buffer.from(text).toString('base64');

  test('is read once for all who ask at once, and again after two seconds', async () => {
    const { secrets, world, time } = secretsOf({ token: base64('one') });
    const values = await Promise.all(Array.from({ length: 10 }, () => secrets.value('team-a', 's', 'token')));
    expect([values.map(String), world.asked]).toEqual([Array(10).fill('one'), 1]);
    world.data = { token: base64('two') };
    time.now += 1999;
    expect(String(await secrets.value('team-a', 's', 'token'))).toBe('one');
    time.now += 1;
    expect(String(await secrets.value('team-a', 's', 'token'))).toBe('two');
  });

  test('goes on being used for 75 s while the API server does not answer, and asking costs no request a second time', async () => {
    const { secrets, world, time } = secretsOf({ token: base64('one') });
    await secrets.value('team-a', 's', 'token');
    world.failure = new KubeError('Unavailable', 'no answer');
    time.now += 74_999;
    expect(String(await secrets.value('team-a', 's', 'token'))).toBe('one');
    expect(String(await secrets.value('team-a', 's', 'token'))).toBe('one');
    expect(world.asked).toBe(2);
    await expect(secrets.value('team-a', 'other', 'token')).rejects.toThrow('did not answer a moment ago');
    time.now += 1;
    await expect(secrets.value('team-a', 's', 'token')).rejects.toThrow();
    world.failure = undefined;
    time.now += 1000;
    expect(String(await secrets.value('team-a', 's', 'token'))).toBe('one');
  });

  test('is there without waiting for an API server that was silent a moment ago, and is asked for meanwhile', async () => {
    const { secrets, world, time } = secretsOf({ token: base64('one') });
    await secrets.value('team-a', 's', 'token');
    world.failure = new KubeError('Unavailable', 'no answer');
    time.now += 2000;
    await secrets.value('team-a', 's', 'token');
    Object.assign(world, { failure: undefined, data: { token: base64('two') } });
    time.now += 1000;
    expect(String(await secrets.value('team-a', 's', 'token'))).toBe('one');
    await new Promise((resolve) => setImmediate(resolve));
    expect(String(await secrets.value('team-a', 's', 'token'))).toBe('two');
  });

  test.each(['Forbidden', 'Unauthorized', 'Invalid'] as const)('is not used any more once the API server says %s', async (code) => {
    const { secrets, world, time } = secretsOf({ token: base64('one') });
    await secrets.value('team-a', 's', 'token');
    world.failure = new KubeError(code, 'no');
    time.now += 2000;
    await expect(secrets.value('team-a', 's', 'token')).rejects.toThrow('no');
  });

  test('is remembered beside a thousand others, so that more of them do not all have to be read each time', async () => {
    const { secrets, world } = secretsOf({ token: base64('one') });
    for (let round = 0; round < 2; round += 1) for (let i = 0; i < 1024; i += 1) await secrets.value('team-a', `s${i}`, 'token');
    expect(world.asked).toBe(1024);
  });

  test('is forgotten for others once they take 32 MiB together', async () => {
    const { secrets, world } = secretsOf({ token: Buffer.alloc(1024 * 1024).toString('base64') });
    for (let i = 0; i < 32; i += 1) await secrets.value('team-a', `s${i}`, 'token');
    await secrets.value('team-a', 's0', 'token');
    expect(world.asked).toBe(32);
    await secrets.value('team-a', 's32', 'token');
    await secrets.value('team-a', 's0', 'token');
    expect(world.asked).toBe(33);
    await secrets.value('team-a', 's1', 'token');
    expect(world.asked).toBe(34);
  });

  test('that was deleted is gone after two seconds, and a clock that is set back makes nothing last longer', async () => {
    const { secrets, world, time } = secretsOf({ token: base64('one') });
    await secrets.value('team-a', 's', 'token');
    world.data = undefined;
    time.now -= 300_000;
    expect(await secrets.value('team-a', 's', 'token')).toBeUndefined();
  });

  test('that is not there is looked for again after a second; a key that is not there is none', async () => {
    const { secrets, world, time } = secretsOf(undefined);
    expect(await secrets.value('team-a', 's', 'token')).toBeUndefined();
    world.data = { token: base64('one') };
    expect(await secrets.value('team-a', 's', 'token')).toBeUndefined();
    time.now += 1000;
    expect(String(await secrets.value('team-a', 's', 'token'))).toBe('one');
    expect(await secrets.value('team-a', 's', '__proto__')).toBeUndefined();
  });

  test('that may not be read is a failure, which is not remembered', async () => {
    const { secrets, world } = secretsOf({ token: base64('one') });
    world.failure = new KubeError('Forbidden', 'no');
    await expect(secrets.value('team-a', 's', 'token')).rejects.toMatchObject({ code: 'Forbidden' });
    world.failure = undefined;
    expect(String(await secrets.value('team-a', 's', 'token'))).toBe('one');
  });

  test.each([[{ token: 'planted!' }], [{ token: 7 }]])('with data that is no base64 is refused, without its content: %j', async (data) => {
    const { secrets } = secretsOf(data);
    await expect(secrets.value('team-a', 's', 'token')).rejects.toThrow(/^Secret team-a\/s: data\.token: must be/);
  });
});
