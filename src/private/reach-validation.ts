import { IConstruct } from 'constructs';
import { emittedObjects } from './emitted-objects';
import { unprovenProblems } from './unproven-policies';
import { futurePolicies } from '../manifests/future-policies';
import { Manifest } from '../manifests/manifest';
import { Topology } from '../manifests/network-policy';
import { reachProblems } from '../manifests/reach-proof';

/** The part of a NetworkBoundary that a proof needs. */
export interface ProvenBoundary extends IConstruct {
  readonly _namespaceNames: readonly string[];
  _topology(): Topology;
  _ciliumPolicies(): readonly Manifest[];
}

/**
 * Where the NetworkPolicies of the whole app differ from the flow table, for one
 * platform. They are read from the construct tree, so that a policy of the user's own
 * in a namespace of the platform counts too, and so does one that was patched; and what the
 * operator will write for runs. Policies of kinds that cannot be read are refused, unless
 * the platform or a reason stands for them.
 */
export function validateReach(boundary: ProvenBoundary): string[] {
  const topology = boundary._topology();
  const objects = emittedObjects(boundary).map(({ object }) => object);
  const emitted = objects.filter(({ apiVersion, kind }) => isNetworkPolicy(apiVersion, kind)) as unknown[];
  return [
    ...reachProblems([...emitted, ...futurePolicies(topology)], topology, boundary._namespaceNames),
    ...unprovenProblems(objects, boundary._ciliumPolicies(), boundary._namespaceNames),
  ];
}

function isNetworkPolicy(apiVersion: unknown, kind: unknown): boolean {
  return kind === 'NetworkPolicy' && String(apiVersion).startsWith('networking.k8s.io/');
}
