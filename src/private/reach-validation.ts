import { ApiObject } from 'cdk8s';
import { IConstruct } from 'constructs';
import { policyFor, Topology } from '../manifests/network-policy';
import { reachProblems } from '../manifests/reach-proof';

/** The part of a NetworkBoundary that a proof needs. */
export interface ProvenBoundary extends IConstruct {
  readonly _namespaceNames: readonly string[];
  _topology(): Topology;
}

/**
 * Where the NetworkPolicies of the whole app differ from the flow table, for one
 * platform. They are read from the construct tree, so that a policy of the user's own
 * in a namespace of the platform counts too, and so does one that was patched.
 */
export function validateReach(boundary: ProvenBoundary): string[] {
  const topology = boundary._topology();
  const emitted = boundary.node.root.node.findAll().filter(isNetworkPolicy).map((object) => object.toJson() as unknown);
  return reachProblems([...emitted, ...futurePolicies(topology, emitted)], topology, boundary._namespaceNames);
}

/** Policies that the operator writes once agents exist, where synth has not written them already. */
function futurePolicies(topology: Topology, emitted: readonly unknown[]): unknown[] {
  const there = new Set(emitted.map(idOf));
  return topology.endpoints
    .filter(({ role }) => role === 'agent')
    .map((endpoint) => policyFor(endpoint, topology))
    .filter((policy) => !there.has(idOf(policy)));
}

function idOf(policy: unknown): string {
  const { metadata } = policy as { metadata?: { namespace?: string; name?: string } };
  return `${metadata?.namespace}/${metadata?.name}`;
}

function isNetworkPolicy(construct: IConstruct): construct is ApiObject {
  return ApiObject.isApiObject(construct) && construct.kind === 'NetworkPolicy' && construct.apiGroup === 'networking.k8s.io';
}
