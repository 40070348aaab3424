import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { decisionsIn, lanes, linesOf, MemoryApi, substitution } from './ship-support';
import { AUDIT_LIMITS } from '../../../../../sidecar/src/broker/audit/log/limits';
import { SHIP_LANES } from '../../../../../sidecar/src/broker/audit/shipping/ship-lanes';
import { USE_LIMITS } from '../../../../../sidecar/src/broker/audit/shipping/ship-limits';
import { decision, linesIn, NOON, segmentsIn, temporaryFolders, until } from '../support';

const folder = temporaryFolders();
const MINUTES = 60_000;
/** Looks of a window of uses. */
const WINDOW = USE_LIMITS.looksOfWindow;

const kinds = (api: MemoryApi) => [...api.objects.values()].map(({ spec }) => spec.kind);
const countsOf = (api: MemoryApi) => [...api.objects.values()].map(({ spec }) => spec.count);

test('an open connection is one event in ten minutes, that counts its decisions', async () => {
  expect(USE_LIMITS.lookMs * WINDOW).toBe(10 * MINUTES);
  const api = new MemoryApi();
  const { log, uses, state } = await lanes(folder(), api);
  uses.shipper.start();
  await uses.shipped();
  for (let window = 1; window <= 3; window++) {
    for (let count = 0; count < 60; count++) {
      await log.write(substitution({ kind: 'egress-allow', credential: undefined }));
      uses.look(WINDOW / 60);
      state.now += 10_000;
    }
    await uses.shipped();
    expect(api.objects.size).toBe(window);
  }
  const at = (milliseconds: number): string => new Date(NOON + milliseconds).toISOString();
  expect([...api.objects.values()].map(({ spec: { kind, count, windowStart, windowEnd } }) => [kind, count, windowStart, windowEnd])).toEqual(
    [0, 1, 2].map((window) => ['egress-allow', 60, at(window * 10 * MINUTES), at((window + 1) * 10 * MINUTES - 10_000)]),
  );
  await log.close();
});

test('a refusal and an issue do not wait for uses', async () => {
  const api = new MemoryApi();
  const { log, decisions, uses } = await lanes(folder(), api);
  for (const { shipper } of [decisions, uses]) shipper.start();
  await Promise.all([decisions.shipped(), uses.shipped()]);
  await log.write(substitution());
  await log.write(decision());
  await log.write(decision({ decision: 'denied', kind: 'egress-block', destination: { host: 'a.com', port: 443 } }));
  for (const { look } of [decisions, uses]) look();
  await decisions.shipped();
  expect(kinds(api)).toEqual(['credential-issued', 'egress-block']);
  uses.look(WINDOW - 1);
  await uses.shipped();
  expect(api.decisions).toBe(3);
  await log.close();
});

test('what a lane does not take is passed over, and asks nothing of the API server', async () => {
  const api = new MemoryApi();
  const { log, decisions, uses, cursors } = await lanes(folder(), api);
  for (let count = 0; count < 3; count++) await log.write(substitution());
  await decisions.shipper.stop();
  expect([api.requests, cursors.decisions.shipped, cursors.uses.shipped]).toEqual([0, log.heads()[0], undefined]);
  expect(await uses.shipper.stop()).toBe(true);
  expect(countsOf(api)).toEqual([3]);
  await log.close();
});

test('a hundred hosts of a run are told each in a window of uses, and those beyond them in one summary', async () => {
  const api = new MemoryApi();
  const { log, uses } = await lanes(folder(), api);
  await Promise.all(Array.from({ length: 120 }, (_, index) => log.write(substitution({ destination: { host: `h${index}.example.com`, port: 443 } }))));
  await uses.shipper.stop();
  expect(countsOf(api).filter((count) => count !== undefined)).toEqual([20]);
  expect(api.objects.size).toBe(101);
  await log.close();
});

test.each(['granted', 'denied', 'warned'] as const)('each decision that is %s is of one lane', (decided) => {
  const records = linesOf([undefined, { host: 'a.com', port: 443 }].map((destination) => decision({ decision: decided, destination }))).map(({ content }) => content.event);
  expect(records.map((record) => [SHIP_LANES.decisions.takes(record), SHIP_LANES.uses.takes(record)]))
    .toEqual([[true, false], decided === 'granted' ? [false, true] : [true, false]]);
});

describe('after a crash', () => {
  test.each([0, 1, 2, 3, 5, 8, 13])('with %d events of each lane sent, each decision is counted once', async (events) => {
    const api = new MemoryApi();
    const at = folder();
    const small = { log: { segmentBytes: 2000 }, limits: { inFlight: 1, batchRecords: 9, eachOfRun: 2 } };
    const first = await lanes(at, api, small);
    for (let index = 0; index < 40; index++) await first.log.write(index % 3 === 0 ? decision({ run: `r${index}` }) : substitution({ run: `r${index % 4}` }));
    expect(segmentsIn(at).length).toBeGreaterThan(3);
    for (const { shipper, heard } of [first.decisions, first.uses]) {
      let left = events;
      api.answer = async () => left-- > 0 ? undefined : Promise.reject(new Error('dead'));
      shipper.start();
      await until(() => heard.errors.length > 0 || shipper.lag().records === 0);
    }
    api.answer = async () => undefined;
    await first.log.close();
    const second = await lanes(at, api, { limits: { inFlight: 3, batchRecords: 7, eachOfRun: 2 } });
    await second.log.write(substitution({ run: 'after' }));
    expect(await Promise.all([second.decisions.shipper.stop(), second.uses.shipper.stop()])).toEqual([true, true]);
    expect([api.decisions, decisionsIn(at)]).toEqual([41, 41]);
    await second.log.close();
  });

  test('after a stream that is gone each lane begins with the new one, and nothing of it may be removed until both have', async () => {
    const api = new MemoryApi();
    const at = folder();
    const first = await lanes(at, api);
    for (const record of [substitution(), decision()]) await first.log.write(record);
    for (const { shipper } of [first.decisions, first.uses]) await shipper.stop();
    await first.log.close();
    segmentsIn(at).forEach((name) => rmSync(join(at, name)));
    const second = await lanes(at, api, { log: { segmentBytes: 500, maxTotalBytes: 3000 } });
    expect(second.log.heads()[0].stream).not.toBe(first.log.heads()[0].stream);
    let accepted = 0;
    for (let full = false; !full;) await second.log.write(substitution()).then(() => accepted++, () => full = true);
    await second.decisions.shipper.stop();
    second.logTimers.fire(AUDIT_LIMITS.probeMs);
    await expect(second.log.write(decision())).rejects.toThrow('may take 3000');
    await second.uses.shipper.stop();
    second.logTimers.fire(AUDIT_LIMITS.probeMs);
    await until(() => second.log.unready() === undefined);
    expect(linesIn(at)[0].sequence).toBeGreaterThan(1);
    expect(api.decisions).toBe(2 + accepted);
    await second.log.close();
  });
});

