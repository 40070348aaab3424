import { ApiObject, Chart, JsonPatch } from 'cdk8s';
import { Construct, IConstruct } from 'constructs';
import { Manifest } from '../manifests/manifest';

const OWN = new WeakSet<IConstruct>();

/**
 * Puts a manifest into the construct tree.
 *
 * A manifest without namespace is cluster-scoped: the namespace that a Chart
 * stamps on all its objects is taken off again.
 */
export function addManifest(scope: Construct, id: string, manifest: Manifest): ApiObject {
  const object = new ApiObject(scope, id, manifest as any);
  OWN.add(object);
  if (manifest.metadata.namespace === undefined && Chart.of(object).namespace !== undefined) {
    object.addJsonPatch(JsonPatch.remove('/metadata/namespace'));
  }
  return object;
}

/** Whether an object is of the platform, not of the user or of another chart. */
export function isOwn(object: IConstruct): boolean {
  return OWN.has(object);
}
