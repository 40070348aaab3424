import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { AuditHead } from '../../../../../sidecar/src/broker/audit/log/chain';
import { AUDIT_LIMITS } from '../../../../../sidecar/src/broker/audit/log/limits';
import { segmentsToRemove } from '../../../../../sidecar/src/broker/audit/log/pruning';
import { shippedByAll } from '../../../../../sidecar/src/broker/audit/log/ship-cursor';
import { verifyAuditLog } from '../../../../../sidecar/src/broker/audit/verification/verify';
import { headOf, lanes, MemoryApi, shipping, substitution } from '../shipping/ship-support';
import { decision, linesIn, openLog, segmentsIn, temporaryFolders, until } from '../support';

const folder = temporaryFolders();

const segments = [1, 11, 21, 31].map((first) => ({ name: `${first}`, first, size: 100 }));
const removed = (shipped: number, room: number) => segmentsToRemove(segments, shipped, room, { segmentBytes: 100 }).map(({ first }) => first);

describe('to make room', () => {
  test('the oldest segments go, and no more than are needed', () => {
    expect([removed(99, 200), removed(99, 150), removed(99, 50)]).toEqual([[], [1], [1, 11]]);
  });

  test('nothing goes that is not shipped', () => {
    expect([removed(0, 0), removed(9, 0), removed(10, 0), removed(19, 0)]).toEqual([[], [], [1], [1]]);
  });

  test('the last two segments stay', () => {
    expect(removed(99, -1000)).toEqual([1, 11]);
  });
});

/** A log that may take little, and has written more than that. */
async function pruned(at: string) {
  const limits = { segmentBytes: 1000, maxTotalBytes: 5000 };
  const api = new MemoryApi();
  for (let start = 0; start < 12; start++) {
    const { log, shipper } = await shipping(at, api, { log: limits });
    for (let index = 0; index < 2; index++) await log.write(decision({ reason: `${start}.${index}` }));
    expect(await shipper.stop()).toBe(true);
    await log.close();
  }
  return { api, limits };
}

describe('a log that is shipped', () => {
  test('goes on for ever on a volume of any size, and nothing is missing in the API', async () => {
    const at = folder();
    const { api } = await pruned(at);
    expect(api.decisions).toBe(24);
    expect(linesIn(at)[0].sequence).toBeGreaterThan(1);
    expect(linesIn(at).some(({ type }) => type === 'pruned')).toBe(true);
  });

  test('verifies from where it begins, and says how much was removed', async () => {
    const at = folder();
    await pruned(at);
    const [{ sequence }] = linesIn(at);
    const head = headOf(at);
    const old = { ...head, sequence: 1 };
    expect(await verifyAuditLog(at, [old, head])).toMatchObject({ ok: true, anchors: 1, counts: { removed: sequence - 1 } });
  });

  test('shows it when somebody else removes a segment', async () => {
    const at = folder();
    await pruned(at);
    rmSync(join(at, segmentsIn(at)[0]));
    expect(await verifyAuditLog(at)).toMatchObject({ ok: false, problem: { what: 'missing', message: expect.stringContaining('record 1 is not where it belongs') } });
  });

  test('is not opened by who does not know what is shipped', async () => {
    const at = folder();
    await pruned(at);
    await expect(openLog(at)).rejects.toThrow('its beginning is missing');
    rmSync(join(at, 'shipped.json'));
    await expect(shipping(at, new MemoryApi())).rejects.toThrow('its beginning is missing');
  });
});

describe('a log with two lanes', () => {
  const limits = { segmentBytes: 500, maxTotalBytes: 3000 };

  test.each(['decisions', 'uses'] as const)('keeps what one has shipped until the other has, when %s are behind', async (behind) => {
    const at = folder();
    const both = await lanes(at, new MemoryApi(), { log: limits });
    for (let full = false; !full;) await both.log.write(behind === 'uses' ? substitution() : decision()).catch(() => full = true);
    await both[behind === 'uses' ? 'decisions' : 'uses'].shipper.stop();
    both.logTimers.fire(AUDIT_LIMITS.probeMs);
    await expect(both.log.write(decision())).rejects.toThrow('may take 3000');
    expect(linesIn(at)[0].sequence).toBe(1);
    await both[behind].shipper.stop();
    both.logTimers.fire(AUDIT_LIMITS.probeMs);
    await until(() => both.log.unready() === undefined);
    expect(linesIn(at)[0].sequence).toBeGreaterThan(1);
    await both.log.close();
  });

  test.each(['shipped.json', 'shipped-uses.json'])('is not opened without %s when its beginning was removed: nobody knows whether that was shipped', async (file) => {
    const at = folder();
    for (let start = 0; start < 12; start++) {
      const { log, decisions, uses } = await lanes(at, new MemoryApi(), { log: limits });
      for (const record of [decision(), substitution()]) await log.write(record);
      await Promise.all([decisions.shipper.stop(), uses.shipper.stop()]);
      await log.close();
    }
    expect(linesIn(at)[0].sequence).toBeGreaterThan(1);
    rmSync(join(at, file));
    await expect(lanes(at, new MemoryApi())).rejects.toThrow('its beginning is missing');
  });

  test('ships all uses again when it is whole and does not know how far they are', async () => {
    const at = folder();
    const api = new MemoryApi();
    for (let start = 0; start < 2; start++) {
      const { log, decisions, uses } = await lanes(at, api);
      if (start === 0) for (const record of [decision(), substitution(), substitution()]) await log.write(record);
      await Promise.all([decisions.shipper.stop(), uses.shipper.stop()]);
      expect([decisions.heard.results, uses.heard.results]).toEqual(start === 0 ? [['created'], ['created']] : [[], ['exists']]);
      await log.close();
      rmSync(join(at, 'shipped-uses.json'));
    }
  });
});

describe('shipped by all lanes is', () => {
  const head = (sequence: number, stream = 'broker-0-00000000'): AuditHead => ({ stream, sequence, hash: '' });
  const shipped = (...heads: (AuditHead | undefined)[]) => shippedByAll(heads.map((one) => ({ shipped: one })));

  test('what the lane that is furthest behind has shipped', () => {
    expect([shipped(head(7)), shipped(head(7), head(3)), shipped(head(3), head(7))]).toEqual([head(7), head(3), head(3)]);
  });

  test('nothing when there is no lane, or one that has shipped nothing', () => {
    expect([[], [head(7), undefined], [undefined, head(7)]].map((heads) => shipped(...heads))).toEqual([undefined, undefined, undefined]);
  });

  test('nothing when one has shipped another stream, whichever is further', () => {
    expect([shipped(head(3), head(7, 'broker-0-ffffffff')), shipped(head(7), head(3, 'broker-0-ffffffff'))]).toEqual([undefined, undefined]);
  });
});

test('a log that is not shipped refuses to go on, and loses nothing', async () => {
  const at = folder();
  const { log } = await shipping(at, new MemoryApi(), { log: { segmentBytes: 500, maxTotalBytes: 3000 } });
  let accepted = 0;
  await expect((async () => {
    for (; accepted < 100; accepted++) await log.write(decision());
  })()).rejects.toThrow(/the audit log takes \d+ bytes, and may take 3000/);
  await log.close();
  expect(linesIn(at).filter(({ type }) => type === 'event')).toHaveLength(accepted);
});

test('a log that stopped for want of room goes on once it is shipped', async () => {
  const at = folder();
  const api = new MemoryApi();
  const limits = { segmentBytes: 500, maxTotalBytes: 3000 };
  const { log, logTimers, shipper } = await shipping(at, api, { log: limits });
  for (let full = false; !full;) await log.write(decision()).catch(() => full = true);
  expect(log.unready()).toContain('may take 3000');
  await shipper.stop();
  logTimers.fire(AUDIT_LIMITS.probeMs);
  await until(() => log.unready() === undefined);
  await log.write(decision({ reason: 'after' }));
  expect(linesIn(at).map(({ type }) => type)).toEqual(expect.arrayContaining(['pruned', 'recovered']));
  expect(linesIn(at).at(-1)).toMatchObject({ event: { reason: 'after' } });
  await log.close();
  expect(await verifyAuditLog(at)).toMatchObject({ ok: true });
});
