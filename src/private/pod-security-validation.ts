import { ApiObject } from 'cdk8s';
import { IConstruct } from 'constructs';
import { objectSecurity } from '../manifests/pod-security/objects';
import { mayHavePods } from '../manifests/pod-security/pods-in';

/**
 * What the namespaces' own admission would refuse, found at synth: pods anywhere in the app,
 * also of other charts, that are put into one of the namespaces and do not pass `restricted`.
 */
export function podSecurityProblems(scope: IConstruct, namespaces: readonly string[], version: string): string[] {
  return scope.node.root.node.findAll()
    .filter((construct): construct is ApiObject => ApiObject.isApiObject(construct))
    .filter(({ apiVersion, kind }) => mayHavePods(apiVersion, kind))
    .filter(({ metadata }) => metadata.namespace !== undefined && namespaces.includes(metadata.namespace))
    .flatMap((object) => objectSecurity(object.toJson(), { level: 'restricted', version }).problems
      .map((problem) => `${object.node.path}: ${object.kind} ${object.name}: ${problem}`));
}
