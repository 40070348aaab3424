import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codes, tableRows } from './tables';
import { endPhaseOf } from '../../sidecar/src/operator/phase/run-phase';
import { TOLD } from '../../sidecar/src/operator/workspaces/tell';
import { AGENT_PHASES } from '../../src/protocol/resources';
import { TERMINAL_AGENT_PHASES } from '../../src/protocol/resources/phases';
import { END_REASONS, REVOKE_SECONDS } from '../../src/protocol/runs';

const FOLDER = 'sidecar/src/operator';
const SOURCE = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts')).sort()
  .map((name) => readFileSync(join(FOLDER, name), 'utf8')).join('\n');

const rows = tableRows('docs/reference/runs.md', '## Events', 'object').map(([object, reason, type, when]) => ({ object: codes(object)[0], reason, type, when }));
/** Those that name their reasons; the others point to a table that does. */
const spelled = rows.filter(({ reason }) => reason.startsWith('`')).flatMap(({ object, reason, type }) => codes(reason).map((one) => `${object} ${type} ${one}`));

/** Reasons that stand as texts in the operator. */
const literal = [
  ...[...SOURCE.matchAll(/\bwork\.event\('(\w+)', '(\w+)'/g)].map(([, type, reason]) => `HarnessRun ${type} ${reason}`),
  ...[...SOURCE.matchAll(/\bevents\.record\(\{ kind: '(\w+)'.*?\}, '(\w+)', '(\w+)'/g)].map(([, kind, type, reason]) => `${kind} ${type} ${reason}`),
];

const ofWorkspaces = Object.values(TOLD).flatMap((reasons) => [...reasons.values()]).map(({ type, event }) => `Workspace ${type} ${event}`);

/** A run is made known as `created`, and tells its end by another reason. */
const phases = AGENT_PHASES.filter((phase) => phase !== 'created' && !TERMINAL_AGENT_PHASES.includes(phase)).map((phase) => `HarnessRun Normal ${phase[0].toUpperCase()}${phase.slice(1)}`);

const goodEnds = END_REASONS.filter((reason) => endPhaseOf(reason) !== 'Failed').map((reason) => `HarnessRun Normal ${reason}`);

test('the page lists every Event of the operator, and no other', () => {
  expect([...spelled].sort()).toEqual([...new Set([...literal, ...ofWorkspaces, ...phases, ...goodEnds, 'HarnessRun Normal WorkspaceBusy'])].sort());
  expect(literal.length).toBeGreaterThan(4);
});

test('reasons that are elsewhere on the page are pointed to, as warnings', () => {
  const pointing = rows.filter(({ reason }) => !reason.startsWith('`'));
  expect(pointing.map(({ reason, type }) => [/\(#(.*)\)/.exec(reason)?.[1], type])).toEqual([['why-a-run-waits', 'Warning'], ['how-runs-end', 'Warning']]);
});

test('every Event says when it comes', () => {
  expect(rows.filter(({ when }) => when === '')).toEqual([]);
  expect(rows.find(({ reason }) => reason === '`RevokeFailed`')!.when).toContain(`${REVOKE_SECONDS} s`);
});
