import { EmittedBy } from './emitted-objects';
import { objectSecurity } from '../manifests/pod-security/objects';

/**
 * What the namespaces' own admission would refuse, found at synth: pods anywhere in the app,
 * also of other charts, that are put into one of the namespaces and do not pass `restricted`.
 */
export function podSecurityProblems(emitted: readonly EmittedBy[], namespaces: readonly string[], version: string): string[] {
  return emitted
    .filter(({ object }) => namespaces.includes(object.metadata?.namespace ?? 'default'))
    .flatMap(({ source, object }) => objectSecurity(object, { level: 'restricted', version }).problems
      .map((problem) => `${source.node.path}: ${object.kind} ${object.metadata?.name}: ${problem}`));
}
