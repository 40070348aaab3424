import { appendFileSync, cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { AuditHead, genesis, seal } from '../../../../../sidecar/src/broker/audit/log/chain';
import { AuditProblem, verifyAuditLog } from '../../../../../sidecar/src/broker/audit/verification/verify';
import { decision, linesIn, openLog, segmentsIn, temporaryFolders } from '../support';

const folder = temporaryFolders();

// A disk may be slow.
jest.setTimeout(60_000);

let original: string;
let head: AuditHead;
let files: { name: string; bytes: Buffer }[];

beforeAll(async () => {
  original = folder();
  const log = await openLog(original, { limits: { segmentBytes: 600 } });
  for (let index = 0; index < 3; index++) await Promise.all([log.write(decision({ reason: `a ${index}` })), log.write(decision({ reason: `b ${index}` }))]);
  await log.close();
  [head] = log.heads();
  files = segmentsIn(original).map((name) => ({ name, bytes: readFileSync(join(original, name)) }));
});

/** A folder with one file of the log replaced. */
function withFile(index: number, bytes: Buffer): string {
  const at = folder();
  files.forEach((file, other) => writeFileSync(join(at, file.name), other === index ? bytes : file.bytes));
  return at;
}

function copy(): string {
  const at = folder();
  cpSync(original, at, { recursive: true });
  return at;
}

async function problemOf(at: string, anchors: readonly AuditHead[] = []): Promise<AuditProblem | undefined> {
  const result = await verifyAuditLog(at, anchors);
  return result.ok ? undefined : result.problem;
}

test('a log that is whole is counted, with its head', async () => {
  expect(files.length).toBe(3);
  const counts = { segments: 3, records: 9, events: 6, recovered: 0, removed: 0 };
  expect(await verifyAuditLog(original)).toEqual({ ok: true, head, anchors: 0, counts });
});

test('anchors of any record agree with the log', async () => {
  const anchors = linesIn(original).map(({ stream, sequence, hash }) => ({ stream, sequence, hash }));
  expect(await verifyAuditLog(original, anchors)).toMatchObject({ ok: true, anchors: 9 });
});

test('files that are not of the log are not minded', async () => {
  const at = copy();
  writeFileSync(join(at, 'cut-0000000000000004.bin'), 'x');
  writeFileSync(join(at, 'audit-notes.jsonl'), 'x');
  expect(await verifyAuditLog(at)).toMatchObject({ ok: true });
});

test('a last segment without a line yet is whole', async () => {
  const at = copy();
  writeFileSync(join(at, 'audit-0000000000000010.jsonl'), '');
  expect(await verifyAuditLog(at, [head])).toMatchObject({ ok: true });
});

const place = fc.nat(2).chain((file) => fc.nat(10_000).map((at) => ({ file, at })));

test('any byte that is changed is found', async () => {
  await fc.assert(fc.asyncProperty(place, fc.integer({ min: 1, max: 255 }), async ({ file, at }, by) => {
    const bytes = Buffer.from(files[file].bytes);
    const index = at % bytes.length;
    bytes[index] = (bytes[index] + by) % 256;
    expect(await problemOf(withFile(file, bytes), [head])).toBeDefined();
  }), { numRuns: 150 });
});

test('any bytes that are removed are found', async () => {
  await fc.assert(fc.asyncProperty(place, fc.integer({ min: 1, max: 900 }), async ({ file, at }, length) => {
    const { bytes } = files[file];
    const index = at % bytes.length;
    const rest = Buffer.concat([bytes.subarray(0, index), bytes.subarray(index + length)]);
    expect(await problemOf(withFile(file, rest), [head])).toBeDefined();
  }), { numRuns: 150 });
});

test('any bytes that are repeated or put in are found', async () => {
  await fc.assert(fc.asyncProperty(place, fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.boolean(), async ({ file, at }, put, repeat) => {
    const { bytes } = files[file];
    const index = at % bytes.length;
    const more = repeat ? bytes.subarray(index, index + put.length) : put;
    expect(await problemOf(withFile(file, Buffer.concat([bytes.subarray(0, index), more, bytes.subarray(index)])), [head])).toBeDefined();
  }), { numRuns: 150 });
});

test('any two lines that change places, in a file or between files, are found, as is any line taken out or repeated', async () => {
  const lines = files.flatMap(({ bytes }, file) => bytes.toString().trimEnd().split('\n').map((line) => ({ file, line })));
  const write = (changed: { file: number; line: string }[]): string => {
    const at = folder();
    files.forEach(({ name }, file) => writeFileSync(join(at, name), changed.filter((one) => one.file === file).map(({ line }) => `${line}\n`).join('')));
    return at;
  };
  const what = async (changed: { file: number; line: string }[]): Promise<string | undefined> => (await problemOf(write(changed), [head]))?.what;
  for (let a = 0; a < lines.length; a++) {
    expect(['missing', 'cut off']).toContain(await what(lines.filter((_, index) => index !== a)));
    expect(['reordered']).toContain(await what(lines.flatMap((line, index) => index === a ? [line, line] : [line])));
    for (let b = a + 1; b < lines.length; b++) {
      const swapped = lines.map(({ file, line }, index) => ({ file, line: index === a ? lines[b].line : index === b ? lines[a].line : line }));
      expect(['reordered']).toContain(await what(swapped));
    }
  }
});

describe('the problem says what, where and why:', () => {
  test('a changed record', async () => {
    const bytes = Buffer.from(files[1].bytes.toString().replace('"granted"', '"warned!"'));
    expect(await problemOf(withFile(1, bytes))).toEqual({
      what: 'changed', file: files[1].name, line: 2, message: 'record 5 or the one before it is not as it was written',
    });
  });

  test('a line that is not JSON', async () => {
    expect(await problemOf(withFile(0, Buffer.concat([files[0].bytes, Buffer.from('garbage\n')])))).toEqual({
      what: 'changed', file: files[0].name, line: 4, message: 'the line is not as the broker writes it',
    });
  });

  test('a line that is sealed well and yet not JSON', async () => {
    expect(await problemOf(withFile(2, Buffer.concat([files[2].bytes, Buffer.from(seal(head, 10, 'x').line)])))).toMatchObject({
      what: 'changed', line: 4, message: 'the line is not JSON',
    });
  });

  test('a segment without end in the middle, and one without end of any length', async () => {
    expect(await problemOf(withFile(0, files[0].bytes.subarray(0, -1)))).toMatchObject({ what: 'changed', line: 3, message: 'the line has no end' });
    expect(await problemOf(withFile(2, Buffer.alloc(1_000_000, 'x')))).toMatchObject({ what: 'changed', line: 1, message: 'the line has no end' });
  });

  test('a torn last line', async () => {
    expect(await problemOf(withFile(2, files[2].bytes.subarray(0, -20)))).toMatchObject({ what: 'torn', file: files[2].name, line: 3 });
  });

  test('a missing segment', async () => {
    const at = copy();
    rmSync(join(at, files[1].name));
    expect(await problemOf(at)).toEqual({
      what: 'missing', file: files[2].name, message: 'record 4 is not where it belongs: the file begins with record 7',
    });
  });

  test('a missing beginning', async () => {
    const at = copy();
    rmSync(join(at, files[0].name));
    expect(await problemOf(at)).toMatchObject({ what: 'missing', message: 'record 1 is not where it belongs: the file begins with record 4' });
  });

  test('segments that changed names', async () => {
    const at = copy();
    renameSync(join(at, files[1].name), join(at, 'x'));
    renameSync(join(at, files[2].name), join(at, files[1].name));
    renameSync(join(at, 'x'), join(at, files[2].name));
    expect(await problemOf(at)).toMatchObject({ what: 'reordered', file: files[1].name, line: 1 });
  });

  test('a line that moved into the segment before', async () => {
    const [line] = files[1].bytes.toString().split('\n');
    expect(await problemOf(withFile(0, Buffer.concat([files[0].bytes, Buffer.from(`${line}\n`)])))).toEqual({
      what: 'reordered', file: files[1].name, message: 'record 5 is not where it belongs: the file begins with record 4',
    });
  });

  test('a log cut off between records, which only an anchor shows', async () => {
    const at = copy();
    rmSync(join(at, files[2].name));
    expect(await problemOf(at)).toBeUndefined();
    expect(await problemOf(at, [head])).toEqual({ what: 'cut off', message: 'the log ends with record 6, but record 9 was anchored' });
  });

  test('a log written anew as a whole with good hashes, which only an anchor shows', async () => {
    const at = folder();
    const forged = linesIn(original).slice(0, 9).reduce(({ last, text }, { type, event }) => {
      const { line, head: next } = seal(last, last.sequence + 1, JSON.stringify({ type, event: event && { ...event, decision: 'denied' } }).slice(1, -1));
      return { last: next, text: text + line };
    }, { last: genesis(head.stream), text: '' });
    writeFileSync(join(at, files[0].name), forged.text);
    expect(await problemOf(at)).toBeUndefined();
    expect(await problemOf(at, [head])).toMatchObject({ what: 'changed', line: 9, message: expect.stringContaining('is not the one that was anchored') });
  });

  test('records of another stream, and an anchor of another', async () => {
    const other = seal({ ...head, stream: 'broker-1-00000000' }, 10, '"type":"event"').line;
    expect(await problemOf(withFile(2, Buffer.concat([files[2].bytes, Buffer.from(other)])))).toEqual({
      what: 'foreign stream', file: files[2].name, line: 4, message: `the record is of stream broker-1-00000000, the log of ${head.stream}`,
    });
    expect(await problemOf(original, [head, { ...head, stream: 'broker-1-00000000' }])).toEqual({
      what: 'foreign stream', message: `the log is of stream ${head.stream}, an anchor of broker-1-00000000`,
    });
  });

  test('a folder without a log', async () => {
    const at = folder();
    expect(await problemOf(at)).toEqual({ what: 'missing', message: 'there is no record' });
    mkdirSync(join(at, 'audit-0000000000000001.jsonl'));
    expect(await problemOf(at)).toMatchObject({ what: 'missing' });
  });

  test('a folder that is not there cannot be told about', async () => {
    await expect(verifyAuditLog(join(folder(), 'nowhere'))).rejects.toThrow('ENOENT');
  });

  test('the counts go up to the problem', async () => {
    const at = copy();
    appendFileSync(join(at, files[1].name), 'x\n');
    expect(await verifyAuditLog(at)).toMatchObject({ ok: false, counts: { segments: 2, records: 6 }, head: { sequence: 6 } });
  });
});
