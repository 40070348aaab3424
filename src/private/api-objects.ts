import { ApiObject, Chart, JsonPatch } from 'cdk8s';
import { Construct } from 'constructs';
import { Manifest } from '../manifests/manifest';

/**
 * Puts a manifest into the construct tree.
 *
 * A manifest without namespace is cluster-scoped: the namespace that a Chart
 * stamps on all its objects is taken off again.
 */
export function addManifest(scope: Construct, id: string, manifest: Manifest): ApiObject {
  const object = new ApiObject(scope, id, manifest as any);
  if (manifest.metadata.namespace === undefined && Chart.of(object).namespace !== undefined) {
    object.addJsonPatch(JsonPatch.remove('/metadata/namespace'));
  }
  return object;
}
