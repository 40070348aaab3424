import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { factsOf, holderOf, POOL, runNamed } from './facts';
import { openFileSlotStore } from '../../../../sidecar/src/broker/slots/file-slot-store';
import { SlotLeases } from '../../../../sidecar/src/broker/slots/slot-lease';
import type { Slots } from '../../../../sidecar/src/broker/slots/slots';
import { T0 } from '../example-grants';

const SLOTS: Slots = new Map([[POOL[0], { usedAt: T0, holder: holderOf('r1') }], [POOL[1], { usedAt: T0 - 1 }]]);
const folder = mkdtempSync(join(tmpdir(), 'slots-'));
let count = 0;
const newFolder = () => join(folder, String(count += 1));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a folder', () => {
  test('is empty at first, and keeps what was written', async () => {
    const at = newFolder();
    const store = await openFileSlotStore(at);
    expect(await store.read()).toEqual({ version: '0', slots: new Map() });
    expect(await store.write('0', SLOTS)).toBe('written');
    expect(await (await openFileSlotStore(at)).read()).toEqual({ version: '1', slots: SLOTS });
  });

  test('is for its owner only', async () => {
    const at = newFolder();
    await (await openFileSlotStore(at)).write('0', SLOTS);
    expect(statSync(at).mode & 0o777).toBe(0o700);
    expect(statSync(join(at, 'slots-1.json')).mode & 0o777).toBe(0o600);
  });

  test('takes one of two writes over the same version', async () => {
    const at = newFolder();
    const stores = await Promise.all([openFileSlotStore(at), openFileSlotStore(at)]);
    expect((await Promise.all(stores.map((store) => store.write('0', SLOTS)))).sort()).toEqual(['conflict', 'written']);
  });

  test('refuses a write over a version that is long gone, also when its number is free again', async () => {
    const at = newFolder();
    const store = await openFileSlotStore(at);
    for (let version = 0; version < 40; version += 1) await store.write(String(version), SLOTS);
    expect(readdirSync(at)).not.toContain('slots-2.json');
    expect(await store.write('1', new Map())).toBe('conflict');
    expect(await store.read()).toEqual({ version: '40', slots: SLOTS });
  });

  test('does not grow with the number of writes, and leaves no drafts', async () => {
    const at = newFolder();
    const store = await openFileSlotStore(at);
    for (let version = 0; version < 60; version += 1) await store.write(String(version), SLOTS);
    expect(readdirSync(at).length).toBeLessThan(40);
    expect(readdirSync(at).every((name) => /^slots-\d+\.json$/.test(name))).toBe(true);
  });

  test('is cleared of the drafts of a broker that was killed', async () => {
    const at = newFolder();
    await openFileSlotStore(at);
    writeFileSync(join(at, '.slots-0123'), 'half');
    await openFileSlotStore(at);
    expect(readdirSync(at)).toEqual([]);
  });

  test('with a record that cannot be understood is no empty one', async () => {
    const at = newFolder();
    const store = await openFileSlotStore(at);
    await store.write('0', SLOTS);
    writeFileSync(join(at, 'slots-2.json'), '{"v":1');
    await expect(store.read()).rejects.toThrow();
  });

  test('shared by three brokers gives each of thirty runs a slot of its own', async () => {
    const at = newFolder();
    const brokers = await Promise.all(Array.from({ length: 3 }, async () => new SlotLeases(await openFileSlotStore(at))));
    const names = Array.from({ length: 30 }, (_, index) => `r${index}`);
    const pool = Array.from({ length: 30 }, (_, index) => `${index}`.padStart(32, '0'));
    const facts = factsOf(names.map((name) => runNamed(name)));
    const leased = await Promise.all(names.map((name, index) => brokers[index % 3].take(pool, holderOf(name), facts)));
    expect(new Set(leased.map((one) => one?.name)).size).toBe(30);
  });
});
