import { tableRows } from './tables';
import { exitHint, isFinalCode } from '../../sidecar/src/operator/phase/hints';
import { agentEnvironment } from '../../src/manifests/agent-env';
import { FENCE_SECONDS } from '../../src/protocol/limits';
import { PATHS } from '../../src/protocol/paths';
import { AGENT_PHASES, RUN_PHASES } from '../../src/protocol/resources';
import { DEFAULTS } from '../../src/protocol/resources/defaults';
import { homePath, sharedPath } from '../../src/protocol/resources/template-pod';
import {
  DEADLINE_MARGIN_SECONDS, END_REASONS, PREREQUISITE_SECONDS, PROMPT_KEY, RETRY_SECONDS, REVOKE_SECONDS, RUN_CONDITIONS, RUN_PATHS, runObjects,
  runPod, sharedClaim, WAITING_REASONS, workspaceClaim,
} from '../../src/protocol/runs';
import { wayOutEnvironment } from '../../src/protocol/way-out-env';

const PAGE = 'docs/reference/runs.md';

const rows = (section: string, head: string) => tableRows(PAGE, `## ${section}`, head);
const firstCellsOf = (heading: string, head: string) => tableRows(PAGE, heading, head).map(([cell]) => cell.replaceAll('`', ''));
const firstCells = (section: string, head: string) => firstCellsOf(`## ${section}`, head);

test('the page lists every phase of runs and agents in their order, and no other', () => {
  expect(firstCells('Phases', 'phase')).toEqual([...RUN_PHASES]);
  expect(firstCells('Phases', 'agent')).toEqual([...AGENT_PHASES]);
});

test('the page lists every reason for which a run waits, and no other', () => {
  expect(firstCells('Why a run waits', 'reason')).toEqual([...WAITING_REASONS]);
});

test('the page lists every way in which a run ends, and no other', () => {
  expect(firstCells('How runs end', 'reason')).toEqual([...END_REASONS]);
});

test('the page explains the exit codes that the operator does, and names those that are not repeated', () => {
  const all = Array.from({ length: 256 }, (_, code) => code);
  expect(firstCellsOf('### Exit codes', 'code')).toEqual(all.filter((code) => exitHint(code) !== undefined).map(String));
  const [, what] = rows('How runs end', 'reason').find(([reason]) => reason === '`AgentFailed`')!;
  expect(what.match(/\d{2,}/g)).toEqual(all.filter(isFinalCode).map(String));
});

test('whoever waits, or whose run has failed, is told what to do', () => {
  const advice = [...rows('Why a run waits', 'reason'), ...rows('How runs end', 'reason')].filter(([reason]) => !['`Succeeded`', '`Cancelled`'].includes(reason));
  expect(advice.filter(([, what, todo]) => what === '' || todo === '').map(([reason]) => reason)).toEqual([]);
});

test('the page lists every condition with its reasons and their status, and no other', () => {
  const written = rows('Conditions', 'condition').map((cells) => cells.slice(0, 3).join(' ').replaceAll('`', ''));
  // Not to need a Workspace is as good as to have one.
  const holds = (reasons: readonly string[], reason: string) => reasons[0] === reason || reason === 'NotRequired';
  const expected = Object.entries<readonly string[]>(RUN_CONDITIONS)
    .flatMap(([type, reasons]) => reasons.map((reason) => `${type} ${reason} ${holds(reasons, reason) ? 'True' : 'False'}`));
  expect(written).toEqual(expected);
});

test('the page names the objects of a run, and no others', () => {
  const written = rows('Objects of a run', 'object').map(([, name]) => name.replaceAll('`', ''));
  const expected = [runPod('<run>', 0), ...Object.values(runObjects('<run>')), workspaceClaim('<workspace>'), sharedClaim('<directory>')];
  expect(written.sort()).toEqual(expected.sort());
});

test('the page names the places of an agent as they are', () => {
  expect(firstCells('What the agent finds', 'path').sort()).toEqual([
    DEFAULTS.mountPath, homePath({}), PATHS.temporary, `${RUN_PATHS.prompt}/${PROMPT_KEY}`, RUN_PATHS.shared, PATHS.trust, sharedPath({ name: '<name>' }),
  ].sort());
});

test('the page lists every variable of an agent, and no other', () => {
  const written = firstCells('What the agent finds', 'variable').flatMap((cell) => cell.split(', '));
  const spec = { image: 'i', command: ['c'], defaults: { model: 'm' } };
  const template = { identity: { name: 't', kind: 'HarnessTemplate' as const }, spec };
  const own = agentEnvironment({ namespace: 'n', run: 'r', spec: { templateRef: { name: 't' } }, template, workspace: 'w' }).map(({ name }) => name);
  expect(written.sort()).toEqual([...own, ...Object.keys(wayOutEnvironment('http://192.0.2.1:1', 'r', 't'))].sort());
});

test('the page says the times as they are', () => {
  const time = Object.fromEntries(rows('Times', 'what').map(([what, long]) => [what, long]));
  expect(time['template, policy or Workspace that is missing']).toContain(`${PREREQUISITE_SECONDS} s after it was first missed`);
  const minute = [
    'a name that something else has (`NameTaken`)', 'a broker that does not know the run, the template or the policy yet', "a volume of the run's own that is refused",
  ];
  for (const what of minute) expect(time[what]).toMatch(new RegExp(`^${PREREQUISITE_SECONDS} s`));
  expect(time['a run from `status.startTime` to its end, over all attempts']).toContain(DEFAULTS.timeout);
  expect(time['from there until a pod is deleted that its node has not ended']).toContain(`and ${DEADLINE_MARGIN_SECONDS} s`);
  expect(time['the agent, from SIGTERM to SIGKILL']).toContain(`${DEFAULTS.terminationGracePeriodSeconds} s`);
  expect(time['the NetworkPolicy of a new pod, until it holds']).toBe(`${FENCE_SECONDS} s`);
  expect(time['between two attempts']).toBe(`${RETRY_SECONDS.first} s, then ${2 * RETRY_SECONDS.first} s, ${4 * RETRY_SECONDS.first} s and so on, ${RETRY_SECONDS.longest} s at most`);
  expect(time['revocation of what a run was given']).toContain(`${REVOKE_SECONDS} s`);
});
