import fc from 'fast-check';
import { settle, StoredSecret } from './stored-secret';
import { renderKey, sealFile } from '../../../sidecar/src/crypto/key-file';
import { HEAD_START, LONGEST_LIFETIME, ROTATE_AFTER } from '../../../sidecar/src/crypto/key-schedule';
import { newKey } from '../../../sidecar/src/crypto/key-store';
import type { Keyring } from '../../../sidecar/src/crypto/keyring';
import { open, seal } from '../../../sidecar/src/crypto/sealed-token';
import { openSecretKeyring } from '../../../sidecar/src/crypto/secret-keyring';

const T0 = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** Replicas of a role over one Secret and one clock. The kubelet asks each whether it is ready. */
async function replicas(count: number) {
  const secret = new StoredSecret();
  const time = { now: T0 };
  const rings = await Promise.all(Array.from({ length: count }, () => openSecretKeyring({ place: 'Secret broker-keyring', secret, now: () => time.now })));
  const probe = async (): Promise<void> => {
    rings.forEach((ring) => ring.problem());
    await settle();
  };
  return { secret, time, rings, probe };
}

/** As the broker opens: a key that is not known may be another replica's. */
async function opens(ring: Keyring, token: string): Promise<boolean> {
  return open(ring, token).failure === undefined || (await ring.reread!() && open(ring, token).failure === undefined);
}

describe('a replica that seals nothing for months', () => {
  test('seals with the key of the day, not with one that another has taken away', async () => {
    const { secret, time, rings: [idle, busy], probe } = await replicas(2);
    idle.sealing();
    for (const days of [31, 31]) {
      time.now += days * DAY;
      busy.sealing();
      await settle();
      time.now += HEAD_START;
      await probe();
    }
    expect(secret.names()).not.toContain(sealFile(1));
    const token = seal(idle, 'github', { notAfter: time.now + DAY });
    expect(await opens(busy, token)).toBe(true);
  });

  test('makes the next key when it is due, if all the others are as quiet', async () => {
    const { secret, time, probe } = await replicas(2);
    time.now += ROTATE_AFTER;
    await probe();
    expect(secret.names()).toEqual(['id.json', 'seal-1.json', 'seal-2.json']);
  });

  test('learns of a key that the many seals of another have brought before its time', async () => {
    const { secret, time, rings: [idle], probe } = await replicas(1);
    await probe();
    time.now += DAY;
    const next = newKey(time.now);
    secret.entries = new Map([...secret.entries, [sealFile(2), Buffer.from(renderKey(next))]]);
    await probe();
    time.now += HEAD_START;
    expect(idle.sealing().kid).toBe(next.kid);
  });
});

test('the Secret is read once a minute, however often readiness is asked', async () => {
  const { secret, time, probe } = await replicas(1);
  await probe();
  const { reads } = secret;
  for (const end = time.now + 10 * MINUTE; time.now <= end; time.now += 1000) await probe();
  expect(secret.reads - reads).toBe(10);
});

test('a Secret that cannot be read makes nobody unready', async () => {
  const { secret, time, rings: [ring], probe } = await replicas(1);
  secret.down = true;
  time.now += ROTATE_AFTER;
  await probe();
  await probe();
  expect(ring.problem()).toBeUndefined();
});

test('what any replica seals on any day opens at every other for as long as it is good', async () => {
  const STEP = DAY / 2;
  const one = fc.record({ at: fc.integer({ min: 0, max: 250 }), by: fc.nat({ max: 1 }), lives: fc.integer({ min: 1, max: LONGEST_LIFETIME }) });
  const seals = fc.array(one, { minLength: 1, maxLength: 6 });
  await fc.assert(fc.asyncProperty(seals, async (wanted) => {
    const { time, rings, probe } = await replicas(3);
    const tokens: { readonly text: string; readonly notAfter: number }[] = [];
    for (let step = 0; step <= 320; step += 1) {
      time.now = T0 + step * STEP;
      await probe();
      // The last one is always at work.
      rings[2].sealing();
      for (const { by, lives } of wanted.filter(({ at }) => at === step)) {
        const notAfter = time.now + lives;
        tokens.push({ notAfter, text: seal(rings[by], 'github', { notAfter }) });
      }
      for (const { text } of tokens.filter(({ notAfter }) => notAfter > time.now)) {
        for (const ring of rings) if (!await opens(ring, text)) throw new Error(`a token does not open after ${step} steps`);
      }
    }
  }), { numRuns: 10 });
});
