import type { Coverage, CoveredRun } from './covered';
import { Seed, seedProblems } from '../manifests/seed';
import { resolveTemplate } from '../protocol/resources/template-defaults';

/**
 * Why a run cannot clone what its Workspace is seeded from. Only the first run there clones, and which one that is synth cannot
 * know: where any run of the app can do it, the others may come later. An interactive run is refused by the operator before it
 * could. For a volume that was cloned to before, a run names its Workspace by `Workspace.fromName`.
 */
export function seedersProblems(coverage: Coverage, run: CoveredRun): string[] {
  const { seed, spec: { workspaceRef } } = run;
  if (seed === undefined) return [];
  const cloning = coverage.runs.filter(({ spec }) => spec.workspaceRef === workspaceRef && spec.mode !== 'Interactive');
  if (cloning.some((one) => problemsOf(coverage, one, seed).length === 0)) return [];
  const wayOut = `name a Workspace that is cloned already, or by another app, by Workspace.fromName('${workspaceRef}')`;
  return problemsOf(coverage, run, seed).map((problem) => `workspace '${workspaceRef}': ${problem}; ${wayOut}`);
}

/** None where the credentials of the run are unknown. */
function problemsOf({ templates }: Coverage, { templateKind, templateName }: CoveredRun, seed: Seed): string[] {
  const template = templates.find(({ kind, name }) => kind === templateKind && name === templateName);
  if (template?.spec === undefined || (template.spec.baseTemplateRef !== undefined && template.base === undefined)) return [];
  const { credentials = [] } = resolveTemplate(template.spec, template.base).requires ?? {};
  return seedProblems(seed, credentials.map(({ name }) => name));
}
