import { IConstruct } from 'constructs';
import { ValidationError } from './validation';

const CLAIMS = new WeakMap<IConstruct, Map<string, IConstruct>>();

/**
 * Claims a name that may be used once in an app, such as that of a namespace.
 *
 * @returns the construct that claimed it earlier, if there is one; else the claim is `claimant`'s
 */
export function claim(claimant: IConstruct, name: string): IConstruct | undefined {
  const root = claimant.node.root;
  const claims = CLAIMS.get(root) ?? new Map<string, IConstruct>();
  CLAIMS.set(root, claims);
  const earlier = claims.get(name);
  if (earlier === undefined) claims.set(name, claimant);
  return earlier;
}

/** A namespace belongs to one platform: two would write the same objects into it. */
export function claimNamespace(claimant: IConstruct, namespace: string): void {
  const earlier = claim(claimant, `namespace/${namespace}`);
  if (earlier !== undefined) {
    throw new ValidationError(claimant, `namespace '${namespace}' is taken by '${earlier.node.path}'; give this one another namespace`);
  }
}
