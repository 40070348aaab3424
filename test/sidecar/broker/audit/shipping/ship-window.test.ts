import { lanes, MemoryApi, substitution } from './ship-support';
import { nodeFiles } from '../../../../../sidecar/src/broker/audit/log/files';
import { USE_LIMITS } from '../../../../../sidecar/src/broker/audit/shipping/ship-limits';
import { gate, logBytes, temporaryFolders, until } from '../support';

const folder = temporaryFolders();
const MINUTES = 60_000;
/** Looks of a window of uses. */
const WINDOW = USE_LIMITS.looksOfWindow;

const countsOf = (api: MemoryApi) => [...api.objects.values()].map(({ spec }) => spec.count);

describe('a window of uses', () => {
  test('ends before its time for whole batches only, so that a small volume has room', async () => {
    const api = new MemoryApi();
    const { log, uses } = await lanes(folder(), api, { limits: { batchRecords: 10 } });
    uses.shipper.start();
    await uses.shipped();
    for (let count = 0; count < 9; count++) await log.write(substitution());
    uses.look();
    expect(api.requests).toBe(0);
    for (let count = 9; count < 25; count++) await log.write(substitution());
    uses.look();
    await until(() => uses.shipper.lag().records === 5);
    await log.write(substitution());
    uses.look(WINDOW - 2);
    await uses.shipped();
    expect(countsOf(api)).toEqual([10, 10, 6]);
    await log.close();
  });

  test('does not go on while its events are sent: what comes meanwhile is of the next', async () => {
    const api = new MemoryApi();
    const { log, uses, cursors } = await lanes(folder(), api);
    await log.write(substitution());
    const { sequence } = log.heads()[0];
    api.answer = async () => log.write(substitution()).then(() => undefined);
    uses.shipper.start();
    await until(() => cursors.uses.shipped?.sequence === sequence);
    uses.look(WINDOW - 1);
    expect([api.requests, uses.shipper.lag().records]).toEqual([1, 1]);
    api.answer = async () => undefined;
    uses.look();
    await uses.shipped();
    expect(api.requests).toBe(2);
    await log.close();
  });

  test('that ends while another is sent is shipped with the next look', async () => {
    const api = new MemoryApi();
    const { log, uses } = await lanes(folder(), api);
    const { opened, open } = gate();
    api.answer = () => opened.then(() => undefined);
    await log.write(substitution());
    uses.shipper.start();
    await until(() => api.requests === 1);
    await log.write(substitution());
    uses.look(2 * WINDOW);
    open();
    await until(() => uses.shipper.lag().records === 1);
    uses.look();
    await uses.shipped();
    expect(api.requests).toBe(2);
    await log.close();
  });

  test('that could not be read is tried again with the next look', async () => {
    const api = new MemoryApi();
    let broken = true;
    const read: typeof nodeFiles.read = async (...asked) => broken ? Promise.reject(new Error('EIO')) : nodeFiles.read(...asked);
    const { log, uses } = await lanes(folder(), api, { files: { read } });
    await log.write(substitution());
    uses.shipper.start();
    await until(() => uses.heard.errors.length === 1);
    broken = false;
    await new Promise((resolve) => setImmediate(resolve));
    uses.look();
    await uses.shipped();
    expect(api.decisions).toBe(1);
    await log.close();
  });

  test('reads nothing while it lasts, and at its end each byte once', async () => {
    const at = folder();
    const reads: number[] = [];
    const read: typeof nodeFiles.read = async (...asked) => {
      const bytes = await nodeFiles.read(...asked);
      reads.push(bytes.length);
      return bytes;
    };
    const { log, uses } = await lanes(at, new MemoryApi(), { files: { read } });
    uses.shipper.start();
    await uses.shipped();
    for (let count = 0; count < 100; count++) {
      await log.write(substitution());
      uses.look();
    }
    expect(reads).toHaveLength(1);
    uses.look(WINDOW - 100);
    await uses.shipped();
    expect(reads.reduce((sum, bytes) => sum + bytes, 0)).toBe(logBytes(at).length);
    await log.close();
  });
});

describe('uses are late', () => {
  test('only after their ten minutes', async () => {
    const { log, decisions, uses, state } = await lanes(folder(), new MemoryApi());
    for (const { shipper } of [decisions, uses]) shipper.start();
    await Promise.all([decisions.shipped(), uses.shipped()]);
    await log.write(substitution());
    state.now += 10 * MINUTES;
    expect([decisions.shipper.lag(), uses.shipper.lag()]).toEqual([{ records: 1, seconds: 595 }, { records: 1, seconds: 0 }]);
    state.now += 90_000;
    expect(uses.shipper.lag()).toEqual({ records: 1, seconds: 90 });
    await log.close();
  });

  test('not because nothing was used for long', async () => {
    const { log, uses, state } = await lanes(folder(), new MemoryApi());
    uses.shipper.start();
    await uses.shipped();
    for (let hours = 0; hours < 3; hours++) {
      state.now += 60 * MINUTES;
      uses.look(WINDOW);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await log.write(substitution());
    await until(() => uses.shipper.lag().seconds === 0);
    expect(uses.shipper.lag()).toEqual({ records: 1, seconds: 0 });
    await log.close();
  });

  test('from the start on when a process before left them', async () => {
    const at = folder();
    const before = await lanes(at, new MemoryApi());
    await before.log.write(substitution());
    await before.log.close();
    const api = new MemoryApi();
    api.answer = async () => Promise.reject(new Error('connection refused'));
    const { log, uses, state } = await lanes(at, api);
    uses.shipper.start();
    await until(() => uses.heard.errors.length === 1);
    state.now += 5000;
    expect(uses.shipper.lag().seconds).toBe(5);
    await log.close();
  });
});
