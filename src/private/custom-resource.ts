import { Construct } from 'constructs';
import { addManifest } from './api-objects';
import { claim } from './claims';
import { dnsLabelProblem, objectNameProblem, problems, refuse } from './validation';
import { Manifest, ObjectId, metadata } from '../manifests/manifest';
import { API_GROUP_VERSION } from '../protocol/names';
import { problemsWith } from '../protocol/resources';

type Kind = Parameters<typeof problemsWith>[0];

/**
 * Adds a custom resource as the child `Resource`, or throws one error with everything that is
 * wrong with it. The checks are those of the CustomResourceDefinition, so what passes here is
 * not refused by the API server later; `more` are problems that a schema cannot state.
 */
export function addCustomResource(scope: Construct, kind: Kind, id: ObjectId, spec: object, more: readonly string[] = []): void {
  const manifest: Manifest = { apiVersion: API_GROUP_VERSION, kind, metadata: metadata(id), spec };
  refuse(scope, [...nameProblems(id), ...problemsWith(kind, manifest), ...more]);
  refuse(scope, takenProblems(scope, kind, id));
  addManifest(scope, 'Resource', manifest);
}

/** cdk8s would write both objects, and the later one would silently win in the cluster. */
function takenProblems(scope: Construct, kind: Kind, { name, namespace }: ObjectId): string[] {
  const earlier = claim(scope, [kind, namespace, name].join('/'));
  return earlier === undefined ? [] : [`name '${name}' is taken by the ${kind} of '${earlier.node.path}'`];
}

/** The schema of a custom resource states how long a name may be, but not of what it consists. */
function nameProblems({ name, namespace, platform }: ObjectId): string[] {
  const nameIs = objectNameProblem('name', name);
  return problems(
    nameIs && `${nameIs}; it is the construct id unless the prop 'name' is set`,
    dnsLabelProblem('platformName', platform),
    namespace === undefined ? undefined : dnsLabelProblem('namespaceName', namespace),
  );
}
