import { holderOf, POOL, slotNamed } from './facts';
import { configMapSlotStore } from '../../../../sidecar/src/broker/slots/config-map-slot-store';
import { kubeConfigMap } from '../../../../sidecar/src/broker/slots/kube-config-map';
import type { Slots } from '../../../../sidecar/src/broker/slots/slots';
import type { KubeObject } from '../../../../sidecar/src/kube/client';
import { KubeError } from '../../../../sidecar/src/kube/kube-error';
import { T0 } from '../example-grants';

const SLOTS: Slots = new Map([[POOL[0], { usedAt: T0, holder: holderOf('r1') }], [POOL[1], { usedAt: T0 - 1 }]]);

describe('a ConfigMap', () => {
  /** What an API server does with versions: https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions */
  function fakeKube(data?: object) {
    let object: KubeObject = { metadata: { name: 'broker-slots', resourceVersion: '7', labels: { part: 'broker' } }, ...(data === undefined ? {} : { data }) };
    return {
      object: () => object,
      fails: undefined as KubeError | undefined,
      async get() {
        if (this.fails !== undefined) throw this.fails;
        return object;
      },
      async update(_: unknown, wanted: KubeObject) {
        if (this.fails !== undefined) throw this.fails;
        if (wanted.metadata.resourceVersion !== object.metadata.resourceVersion) throw new KubeError('Conflict', 'PUT: 409');
        object = { ...wanted, metadata: { ...wanted.metadata, resourceVersion: String(Number(object.metadata.resourceVersion) + 1) } };
        return object;
      },
    };
  }
  const storeOf = (kube: ReturnType<typeof fakeKube>) => configMapSlotStore(kubeConfigMap(kube, { namespace: 'platform', name: 'broker-slots' }));

  test('as it is synthesized holds no slots', async () => {
    expect(await storeOf(fakeKube()).read()).toEqual({ version: '7', slots: new Map() });
  });

  test('keeps what was written, and everything that is not ours', async () => {
    const kube = fakeKube({ other: 'text' });
    const store = storeOf(kube);
    const { version } = await store.read();
    expect(await store.write(version, SLOTS)).toBe('written');
    expect(await store.read()).toEqual({ version: '8', slots: SLOTS });
    expect(kube.object()).toMatchObject({ metadata: { labels: { part: 'broker' } }, data: { other: 'text' } });
  });

  test('refuses a write when another broker has written since', async () => {
    const kube = fakeKube();
    const [first, second] = [storeOf(kube), storeOf(kube)];
    const [{ version }] = [await first.read(), await second.read()];
    expect(await first.write(version, SLOTS)).toBe('written');
    expect(await second.write(version, new Map([[slotNamed('d'), { usedAt: T0 }]]))).toBe('conflict');
    expect((await first.read()).slots).toEqual(SLOTS);
  });

  test('refuses a write over a version that was not the last one read', async () => {
    const store = storeOf(fakeKube());
    expect(await store.write('7', SLOTS)).toBe('conflict');
    await store.read();
    expect(await store.write('6', SLOTS)).toBe('conflict');
  });

  test('that was edited to something else is not taken for empty', async () => {
    await expect(storeOf(fakeKube({ 'slots.json': '{}' })).read()).rejects.toThrow('not of version 1');
  });

  test.each(['NotFound', 'Unavailable', 'Forbidden'] as const)('that is %s rejects, and nothing is leased', async (code) => {
    const kube = fakeKube();
    const store = storeOf(kube);
    await store.read();
    kube.fails = new KubeError(code, 'planted');
    await expect(store.read()).rejects.toThrow('planted');
    await expect(store.write('7', SLOTS)).rejects.toThrow('planted');
  });
});
