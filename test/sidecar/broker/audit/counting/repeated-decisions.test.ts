import type { AuditRecord } from '../../../../../sidecar/src/broker/audit/audit-event';
import { onceIn } from '../../../../../sidecar/src/broker/audit/counting/repeated-decisions';

const RECORD: AuditRecord = { decision: 'granted', kind: 'egress-allow', namespace: 'team-a', run: 'r1', destination: { host: 'a.example', port: 443 } };

function world() {
  const state = { now: 0, problem: undefined as string | undefined, written: [] as AuditRecord[] };
  const audit = {
    write: async (record: AuditRecord) => {
      if (state.problem !== undefined) throw new Error(state.problem);
      state.written.push(record);
      return `audit-${state.written.length}`;
    },
    unready: () => state.problem,
    close: async () => {},
  };
  return { state, audit: onceIn(10_000, audit, () => state.now) };
}

test('a decision that is made again within its time is recorded once, and again after it', async () => {
  const { state, audit } = world();
  await audit.write(RECORD);
  state.now = 9_999;
  await audit.write({ ...RECORD });
  expect(state.written).toHaveLength(1);
  state.now = 10_000;
  await audit.write(RECORD);
  expect(state.written).toHaveLength(2);
});

test('whoever makes it again is told the record that stands for it', async () => {
  const { state, audit } = world();
  expect([await audit.write(RECORD), await audit.write({ ...RECORD, run: 'r2' }), await audit.write(RECORD)]).toEqual(['audit-1', 'audit-2', 'audit-1']);
  state.now = 10_000;
  expect(await audit.write(RECORD)).toBe('audit-3');
});

test('after a clock was set back it is recorded again', async () => {
  const { state, audit } = world();
  state.now = 3_600_000;
  await audit.write(RECORD);
  state.now = 0;
  await audit.write(RECORD);
  await audit.write(RECORD);
  expect(state.written).toHaveLength(2);
});

test.each<Partial<AuditRecord>>([
  { decision: 'denied' }, { run: 'r2' }, { namespace: 'team-b' }, { caller: 'x/y' }, { matchedPolicy: 'p' }, { destination: { host: 'a.example', port: 80 } },
])('with %j it is another decision', async (more) => {
  const { state, audit } = world();
  await audit.write(RECORD);
  await audit.write({ ...RECORD, ...more });
  expect(state.written).toHaveLength(2);
});

test('what could not be recorded is not remembered, and a log that fails ends the memory', async () => {
  const { state, audit } = world();
  state.problem = 'the disk is full';
  await expect(audit.write(RECORD)).rejects.toThrow('full');
  state.problem = undefined;
  await audit.write(RECORD);
  expect(state.written).toHaveLength(1);
  state.problem = 'the disk is full';
  await expect(audit.write(RECORD)).rejects.toThrow('full');
});
