import { parse, parseAllDocuments } from 'yaml';
import { blocks } from './blocks';
import { section, tableRows } from './tables';
import { endPhaseOf, runPhaseOf } from '../../sidecar/src/operator/phase/run-phase';
import { checkPodSecurity, podSecurityProblems } from '../../src/manifests/pod-security';
import { KINDS, problemsWith, RUN_PHASES } from '../../src/protocol/resources';
import { END_REASONS, PREREQUISITE_SECONDS, RUN_CONDITIONS, WAITING_REASONS } from '../../src/protocol/runs';
import { AGENT_END_ROWS } from '../sidecar/operator/phase/agent-end-rows';
import { GIVEN_UP_ROWS } from '../sidecar/operator/phase/given-up-rows';
import { GOING_ROWS } from '../sidecar/operator/phase/going-rows';
import { LEAVING_ROWS } from '../sidecar/operator/phase/leaving-rows';
import { Look, verdictOf } from '../sidecar/operator/phase/pod-documents';

const PAGE = 'docs/how-to/run-agents.md';
const here = (...languages: string[]) => blocks(...languages).filter(({ where }) => where.startsWith(`${PAGE}:`));

describe('what kubectl get shows', () => {
  const [head, ...lines] = here('text').find(({ code }) => code.startsWith('NAME '))!.code.trimEnd().split('\n');
  const starts = [...head.matchAll(/\S+/g)].map(({ index }) => index);
  const cellsOf = (line: string) => starts.map((start, index) => line.slice(start, starts[index + 1]).trim());

  test('has the columns of the definition', () => {
    const columns = KINDS.HarnessRun.printerColumns.filter(({ priority = 0 }) => priority === 0).map(({ name }) => name.toUpperCase());
    expect(cellsOf(head)).toEqual(['NAME', ...columns]);
  });

  const looks = [AGENT_END_ROWS, GIVEN_UP_ROWS, GOING_ROWS, LEAVING_ROWS].flatMap((groups) => Object.values<readonly Look[]>(groups).flat());
  /** Phase of the run, phase of the agent and reason, for whatever a pod says, at the first look and later. */
  const withPod = looks.flatMap((look) => [look, { ...look, before: undefined }]).flatMap((look) => {
    const verdict = verdictOf(look);
    return RUN_PHASES.map((previous) => [runPhaseOf(previous, verdict), verdict.agent, verdict.reason].join(' '));
  });
  /** How a run ends that never had a pod, for want of what its conditions say. */
  const missing: readonly string[] = Object.values(RUN_CONDITIONS).flat();
  const withoutPod = END_REASONS.filter((reason) => missing.includes(reason)).map((reason) => [endPhaseOf(reason), 'error', reason].join(' '));

  test.each(lines)('can be so: %s', (line) => {
    const [, phase, agent, reason, , , , credentials] = cellsOf(line);
    expect(credentials === '' ? withoutPod : withPod).toContain([phase, agent, reason].join(' '));
  });
});

describe('manifests on the page', () => {
  const documents: any[] = here('yaml').flatMap(({ code }) => parseAllDocuments(code).map((document) => document.toJS()));
  const nested = documents.flatMap(({ data = {} }) => Object.values<string>(data)).map((text) => parse(text));

  test('runs are such as the definition takes', () => {
    const runs = [...documents, ...nested].filter(({ kind }) => kind === 'HarnessRun');
    expect(runs).toHaveLength(2);
    expect(runs.flatMap((run) => problemsWith('HarnessRun', run))).toEqual([]);
  });

  test('what makes runs on a schedule passes Pod Security restricted, in no namespace of agents', () => {
    const cron = documents.find(({ kind }) => kind === 'CronJob');
    const { template } = cron.spec.jobTemplate.spec;
    expect(podSecurityProblems(checkPodSecurity(template, { level: 'restricted', version: 'latest' }))).toEqual([]);
    expect(nested.map(({ metadata }) => metadata.namespace)).not.toContain(cron.metadata.namespace);
  });

  test('what makes runs on a schedule has an account of its own, bound to a role that creates runs and no more', () => {
    const cron = documents.find(({ kind }) => kind === 'CronJob');
    const { namespace } = cron.metadata;
    const account = cron.spec.jobTemplate.spec.template.spec.serviceAccountName;
    const commands = here('sh').flatMap(({ code }) => code.split('\n'));
    expect(commands).toContain(`kubectl create serviceaccount ${account} -n ${namespace}`);
    expect(commands).toContain('kubectl create role make-runs -n team-a --verb=create --resource=harnessruns.paddock.dev');
    expect(commands).toContain(`kubectl create rolebinding make-runs -n team-a --role=make-runs --serviceaccount=${namespace}:${account}`);
  });
});

test('reasons that the page helps with are those of runs', () => {
  const named = tableRows(PAGE, '## When it does not work', 'what you see').flatMap(([cell]) => [...cell.matchAll(/`([A-Z]\w+)`/g)].map(([, reason]) => reason));
  const known: readonly string[] = [...WAITING_REASONS, ...END_REASONS];
  expect(named.filter((reason) => !known.includes(reason))).toEqual([]);
});

test('the page says how long a run waits for policies', () => {
  expect(section(PAGE, '### A policy is missing')).toContain('A run waits a minute for policies');
  expect(PREREQUISITE_SECONDS).toBe(60);
});
