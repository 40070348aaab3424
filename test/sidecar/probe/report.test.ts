import fc from 'fast-check';
import { result } from './world';
import { reportOf } from '../../../sidecar/src/probe/report';
import { MAX_TERMINATION_MESSAGE } from '../../../src/protocol/limits';
import type { ProbeOutcome } from '../../../src/protocol/probe';

const outcome = (changed: Partial<ProbeOutcome> = {}): ProbeOutcome => (
  { to: 'broker in system', at: '10.96.0.200', port: 8443, protocol: 'TCP', expect: 'deny', rows: [], open: true, because: 'broker in system answers', ...changed }
);

describe('the exit code', () => {
  test('is 0 when every pod found what the table says', () => expect(reportOf('control', [result(), result()]).exitCode).toBe(0));
  test('is 1 when a connection differs', () => expect(reportOf('control', [result(), result({ wrong: [outcome()] })]).exitCode).toBe(1));
  test('is 2 when it cannot be told', () => expect(reportOf('control', [result({ untold: ['why'] })]).exitCode).toBe(2));
  test('is 1 when a connection differs and another cannot be told', () => expect(reportOf('control', [result({ untold: ['why'], wrong: [outcome()] })]).exitCode).toBe(1));
  test('is 0 when only what nobody promises is open', () => expect(reportOf('control', [result({ unpromised: [outcome()] })]).exitCode).toBe(0));
});

describe('lines', () => {
  test('say for each wrong connection from, to, port, what is expected and seen, and the rows of the table', () => {
    const wrong = [outcome(), outcome({ expect: 'allow', open: false, rows: ['session-to-broker'], because: 'no answer within 2 s' })];
    expect(reportOf('control', [result({ wrong })]).lines.slice(0, 2)).toEqual([
      'OPEN: session python in team-a -> broker in system, 10.96.0.200 TCP 8443: expected deny (no row of the flow table), seen: broker in system answers',
      'CLOSED: session python in team-a -> broker in system, 10.96.0.200 TCP 8443: expected allow (session-to-broker), seen: no answer within 2 s',
    ]);
  });

  test('hold no control or format character that a pod put into its answer', () => {
    const untold = ['a\u001b[2Jb\nc\u202ed'];
    const { lines, message } = reportOf('control', [result({ untold })]);
    expect(lines[0]).toMatch(/: a\?\[2Jb\?c\?d$/);
    expect(message).not.toMatch(/[\u001b\u202e]/);
  });

  test('say what nobody promises', () => {
    expect(reportOf('control', [result({ unpromised: [outcome({ to: 'kubelet of its node' })] })]).lines[0]).toMatch(/^not promised: .* -> kubelet of its node, .* is open/);
  });

  test('hold all results as JSON, and end with the summary', () => {
    const results = [result({ wrong: [outcome()] })];
    const { lines } = reportOf('control', results);
    expect(JSON.parse(lines.at(-2)!)).toEqual({ probe: 'control', exitCode: 1, results });
    expect(lines.at(-1)).toBe('control: FAILED, 5 connections tried from 1 pod, 1 differs from the flow table; client addresses are kept: unknown');
  });

  test.each([
    [[result({ keepsAddresses: true }), result()], 'yes'],
    [[result({ keepsAddresses: true }), result({ keepsAddresses: false })], 'no'],
  ])('say whether client addresses are kept', (results, word) => {
    expect(reportOf('control', results).lines.at(-1)).toBe(`control: passed, 10 connections tried from 2 pods, all as the flow table says; client addresses are kept: ${word}`);
  });
});

describe('the termination message', () => {
  test('begins with the summary and says how much is missing', () => {
    const { message } = reportOf('control', [result({ wrong: Array.from({ length: 100 }, () => outcome()) })]);
    expect(message).toMatch(/^control: FAILED, /);
    expect(message).toMatch(/\n\d+ more in the log$/);
  });

  test('says everything where there is room', () => {
    expect(reportOf('control', [result({ wrong: [outcome()] })]).message.split('\n')).toEqual([expect.stringContaining('FAILED'), expect.stringContaining('OPEN: ')]);
  });

  test('is never longer than the kubelet takes, in bytes', () => {
    const texts = fc.string({ unit: 'binary', maxLength: 3000 });
    fc.assert(fc.property(texts, fc.array(texts, { maxLength: 5 }), (self, untold) => {
      expect(Buffer.byteLength(reportOf(self, [result({ untold })]).message)).toBeLessThanOrEqual(MAX_TERMINATION_MESSAGE);
    }));
  });
});
