import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codes, tableRows } from './tables';
import { AUDIT_KINDS } from '../../src/protocol/resources/audit-event';

const BROKER = 'sidecar/src/broker';
const SOURCE = readdirSync(BROKER, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts')).map((name) => readFileSync(join(BROKER, name), 'utf8')).join('\n');

test('the page lists the kinds of AuditEvents that nothing writes, and no other', () => {
  const rows = tableRows('docs/how-to/verify-the-audit-log.md', '## Find a decision in the cluster', 'kind');
  const unwritten = AUDIT_KINDS.filter((kind) => !SOURCE.includes(`'${kind}'`));
  expect(rows.flatMap(([kinds]) => codes(kinds)).sort()).toEqual([...unwritten].sort());
  expect(rows.filter(([, instead]) => instead === '')).toEqual([]);
});
