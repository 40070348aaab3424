import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AuditHead } from '../../../../../sidecar/src/broker/audit/log/chain';
import { anchorObject } from '../../../../../sidecar/src/broker/audit/shipping/ship-object';
import { auditVerifyMain, readAnchors } from '../../../../../sidecar/src/broker/audit/verification/verify-main';
import { decision, NOON, openLog, segmentsIn, temporaryFolders } from '../support';

const folder = temporaryFolders();
let at: string;
let head: AuditHead;

beforeAll(async () => {
  at = folder();
  const log = await openLog(at);
  await log.write(decision());
  [head] = log.heads();
  await log.write(decision());
  await log.close();
});

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const lines = { out: [] as string[], err: [] as string[] };
  const code = await auditVerifyMain(argv, { out: (line) => lines.out.push(line), err: (line) => lines.err.push(line) });
  return { code, out: lines.out.join('\n'), err: lines.err.join('\n') };
}

function anchorsFile(text: string): string {
  const path = join(folder(), 'anchors');
  writeFileSync(path, text);
  return path;
}

test('a log that is whole ends with 0 and says what no anchor can show', async () => {
  const { code, out, err } = await run(at);
  expect([code, err]).toEqual([0, '']);
  expect(out).toContain('ok: 3 records in 1 files: 2 decisions, 0 recoveries');
  expect(out).toContain(`stream ${head.stream}, last record 3, hash `);
  expect(out).toContain('no anchors: a cut at the end, or a log written anew as a whole, would not show');
});

test('anchors say up to where the log is certain', async () => {
  const { code, out } = await run(at, '--anchors', anchorsFile(JSON.stringify(head)));
  expect(code).toBe(0);
  expect(out).toContain('1 anchors agree; the 1 records after the last rest on the chain alone');
});

test('anchors of other streams are left out when the stream is named', async () => {
  const other = { ...head, stream: 'broker-1-00000000' };
  const file = anchorsFile(JSON.stringify([other, head]));
  expect((await run(at, '--anchors', file, '--stream', head.stream)).code).toBe(0);
  expect(await run(at, '--anchors', file)).toMatchObject({ code: 1, err: expect.stringContaining('foreign stream') });
});

test('--help says how', async () => {
  expect(await run('--help')).toMatchObject({ code: 0, out: expect.stringContaining('Usage: audit-verify <folder>') });
});

test('anchors are found among the lines of a log', () => {
  const text = `starting\n{"level":30,"msg":"hello"}\n${JSON.stringify({ level: 30, anchor: head })}\nnull\n7\n${JSON.stringify(head)}\n`;
  expect(readAnchors(text)).toEqual([head, head]);
});

test('anchors are found among the AuditEvents that kubectl prints, one or many', () => {
  const anchor = anchorObject('agent-platform', head, NOON);
  const other = { kind: 'AuditEvent', spec: { kind: 'credential-issued', detail: { stream: head.stream, sequence: '1', hash: head.hash } } };
  const broken = { ...anchor, spec: { ...anchor.spec, detail: { ...anchor.spec.detail, sequence: 'many' } } };
  expect(readAnchors(JSON.stringify({ kind: 'List', items: [other, anchor, broken] }, null, 4))).toEqual([head]);
  expect(readAnchors(JSON.stringify(anchor, null, 4))).toEqual([head]);
});

describe('something wrong ends with 1:', () => {
  test('a changed record, with file and line', async () => {
    const copy = folder();
    cpSync(at, copy, { recursive: true });
    const [name] = segmentsIn(copy);
    writeFileSync(join(copy, name), readFileSync(join(copy, name), 'utf8').replace('granted', 'Granted'));
    const { code, out, err } = await run(copy);
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain(`changed at ${name}:2: record 2 or the one before it is not as it was written`);
    expect(err).toContain('whole up to there: 1 records');
  });

  test('a cut, which has no place', async () => {
    const { code, err } = await run(at, '--anchors', anchorsFile(JSON.stringify({ ...head, sequence: 9 })));
    expect(code).toBe(1);
    expect(err).toMatch(/^cut off: the log ends with record 3, but record 9 was anchored/);
  });

  test('another stream than the one named', async () => {
    expect(await run(at, '--stream', 'broker-1-00000000')).toMatchObject({ code: 1, err: expect.stringContaining(`the log is of stream ${head.stream}, not of`) });
  });

  test('a folder without records', async () => {
    expect(await run(folder())).toMatchObject({ code: 1, err: expect.stringContaining('missing: there is no record') });
  });
});

describe('what cannot be told ends with 2:', () => {
  test.each([
    ['no folder', [], 'name one folder'],
    ['two folders', ['a', 'b'], 'name one folder'],
    ['an unknown option', ['a', '--all', 'b'], 'there is no option --all'],
    ['an option without value', ['a', '--stream'], '--stream needs one value'],
    ['an option twice', ['a', '--stream', 'x', '--stream', 'y'], '--stream needs one value'],
    ['a folder that is not there', ['/nowhere/audit'], 'ENOENT'],
  ])('%s', async (_, argv, message) => {
    expect(await run(...argv)).toMatchObject({ code: 2, out: '', err: expect.stringContaining(message) });
  });

  test('anchors that are not there', async () => {
    expect(await run(at, '--anchors', '/nowhere')).toMatchObject({ code: 2 });
  });

  test.each([
    ['nothing', '', 'holds no anchor'],
    ['no anchor', '{"stream":"a","sequence":1}', 'holds no anchor'],
    ['a hash that is none', JSON.stringify({ stream: 'a', sequence: 1, hash: 'x' }), 'holds no anchor'],
    ['an array with something else', '[1]', 'not an anchor: 1'],
    ['an array that does not end', '[1', 'JSON'],
  ])('a file of anchors with %s', async (_, text, message) => {
    expect(await run(at, '--anchors', anchorsFile(text))).toMatchObject({ code: 2, err: expect.stringContaining(message) });
  });

  test('anchors of none but other streams', async () => {
    const file = anchorsFile(JSON.stringify(head));
    expect(await run(at, '--anchors', file, '--stream', 'x')).toMatchObject({ code: 2, err: expect.stringContaining('holds no anchor of x') });
  });
});
