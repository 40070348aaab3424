import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decisionsIn, MemoryApi, shipping, substitution } from './ship-support';
import { nodeFiles } from '../../../../../sidecar/src/broker/audit/log/files';
import { SHIP_LIMITS } from '../../../../../sidecar/src/broker/audit/shipping/ship-limits';
import { decision, gate, segmentsIn, temporaryFolders, until } from '../support';

const folder = temporaryFolders();
const { lookMs } = SHIP_LIMITS;

test('what is recorded is in the API with the next look', async () => {
  const api = new MemoryApi();
  const { log, shipper, timers } = await shipping(folder(), api);
  shipper.start();
  await until(() => shipper.lag().records === 0);
  await Promise.all([log.write(decision({ reason: 'a' })), log.write(decision({ reason: 'b' }))]);
  expect(api.reasons).toEqual([]);
  timers.fire(lookMs);
  await until(() => shipper.lag().records === 0);
  expect(api.reasons).toEqual(['a', 'b']);
  await shipper.stop();
  await log.close();
});

test('a second look does not begin before the first has ended', async () => {
  const api = new MemoryApi();
  const { log, shipper, timers } = await shipping(folder(), api);
  const { opened, open } = gate();
  api.answer = () => opened.then(() => undefined);
  await log.write(decision());
  shipper.start();
  await until(() => api.requests === 1);
  timers.fire(lookMs);
  timers.fire(lookMs);
  open();
  await until(() => shipper.lag().records === 0);
  expect(api.requests).toBe(1);
  await log.close();
});

test('nobody waits for an API server that is away, and the lag tells of it', async () => {
  const api = new MemoryApi();
  const { log, shipper, timers, heard, state } = await shipping(folder(), api);
  api.answer = async () => Promise.reject(new Error('connection refused'));
  for (let index = 0; index < 3; index++) await log.write(decision());
  shipper.start();
  await until(() => heard.errors.length === 1);
  state.now += 90_000;
  expect(shipper.lag()).toEqual({ records: 4, seconds: 90 });
  api.answer = async () => undefined;
  timers.fire(500);
  await until(() => shipper.lag().records === 0);
  expect(shipper.lag()).toEqual({ records: 0, seconds: 0 });
  expect(api.decisions).toBe(3);
  await log.close();
});

test('a batch is bounded, and all batches together are the whole log, over all its segments', async () => {
  const api = new MemoryApi();
  const at = folder();
  const { log, shipper } = await shipping(at, api, { log: { segmentBytes: 1500 }, limits: { batchRecords: 4, batchBytes: 70_000, eachOfRun: 100 } });
  for (let index = 0; index < 25; index++) await log.write(decision({ reason: `r${index}` }));
  expect(segmentsIn(at).length).toBeGreaterThan(4);
  expect(await shipper.stop()).toBe(true);
  expect(api.reasons).toEqual(Array.from({ length: 25 }, (_, index) => `r${index}`));
  await log.close();
});

describe('after a crash', () => {
  /** A process that dies when it has sent so many events; its files and the API stay. */
  async function dying(at: string, api: MemoryApi, events: number): Promise<void> {
    const { log, shipper, heard } = await shipping(at, api, { limits: { inFlight: 1, batchRecords: 10, eachOfRun: 2 } });
    for (let index = 0; index < 30; index++) await log.write(index % 3 === 0 ? decision({ run: `r${index}` }) : substitution({ run: `r${index % 2}` }));
    let left = events;
    api.answer = async () => left-- > 0 ? undefined : Promise.reject(new Error('dead'));
    shipper.start();
    await until(() => heard.errors.length > 0);
    api.answer = async () => undefined;
    await log.close();
  }

  test.each([0, 1, 3, 5, 8, 11])('with %d events sent, each decision is counted once', async (events) => {
    const api = new MemoryApi();
    const at = folder();
    await dying(at, api, events);
    expect(api.objects.size).toBe(events);
    const { log, shipper } = await shipping(at, api, { limits: { inFlight: 3, batchRecords: 7, eachOfRun: 2 } });
    await log.write(decision({ run: 'after' }));
    expect(await shipper.stop()).toBe(true);
    expect(api.decisions).toBe(31);
    expect(decisionsIn(at)).toBe(31);
    await log.close();
  });

  test('without its cursor the log is shipped again, and single decisions are still there once', async () => {
    const api = new MemoryApi();
    const at = folder();
    const first = await shipping(at, api);
    for (let index = 0; index < 5; index++) await first.log.write(decision({ reason: `${index}` }));
    await first.shipper.stop();
    await first.log.close();
    writeFileSync(join(at, 'shipped.json'), readFileSync(join(at, 'shipped.json'), 'utf8').replaceAll(/broker-0-[0-9a-f]{8}/g, 'broker-0-ffffffff'));
    const second = await shipping(at, api);
    await second.shipper.stop();
    expect(second.heard.results).toEqual(Array.from({ length: 5 }, () => 'exists'));
    await second.log.close();
  });

  test('a cursor that says nothing stops the start', async () => {
    const at = folder();
    writeFileSync(join(at, 'shipped.json'), '{"shipped":{}}');
    await expect(shipping(at, new MemoryApi())).rejects.toThrow('does not say how far the audit log is shipped; remove it');
  });
});

describe('the end', () => {
  test('ships what is left', async () => {
    const api = new MemoryApi();
    const { log, shipper, timers } = await shipping(folder(), api);
    shipper.start();
    await log.write(decision());
    expect(await shipper.stop()).toBe(true);
    expect(api.decisions).toBe(1);
    expect(timers.delays).toEqual([]);
    await log.close();
  });

  test('does not wait longer than it may, and the next start ships the rest', async () => {
    const api = new MemoryApi();
    const at = folder();
    const first = await shipping(at, api);
    await first.log.write(decision());
    api.answer = () => new Promise(() => undefined);
    const stopped = first.shipper.stop(3000);
    await until(() => api.requests === 1);
    first.timers.fire(3000);
    expect(await stopped).toBe(false);
    await first.log.close();
    api.answer = async () => undefined;
    const second = await shipping(at, api);
    expect(await second.shipper.stop()).toBe(true);
    expect(api.decisions).toBe(1);
    await second.log.close();
  });

  test('does not wait out a long wait after failures', async () => {
    const api = new MemoryApi();
    const { log, shipper, timers, heard } = await shipping(folder(), api);
    await log.write(decision());
    api.answer = async () => Promise.reject(new Error('no'));
    shipper.start();
    for (const ms of [500, 1000, 2000]) {
      await until(() => timers.delays.includes(ms));
      timers.fire(ms);
    }
    await until(() => heard.errors.length === 4);
    api.answer = async () => undefined;
    expect(await shipper.stop()).toBe(true);
    await log.close();
  });
});

describe('what is not as it was written is not passed on:', () => {
  test.each([
    ['a changed record', (text: string) => text.replace('"reason":"1"', '"reason":"X"')],
    ['a missing record', (text: string) => text.replace(/.*"reason":"1".*\n/, '')],
  ])('%s', async (_name, change) => {
    const at = folder();
    const api = new MemoryApi();
    const files = { read: async (path: string, from: number, length: number) => Buffer.from(change((await nodeFiles.read(path, from, length)).toString('utf8'))) };
    const { log, shipper, heard } = await shipping(at, api, { files });
    for (let index = 0; index < 3; index++) await log.write(decision({ reason: `${index}` }));
    expect(await shipper.stop()).toBe(false);
    expect(heard.errors[0]).toBe('record 3 of the audit log is not as it was written; verify says more');
    expect(api.reasons).toEqual([]);
    await log.close();
  });
});
