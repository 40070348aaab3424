import { Manifest, metadata } from './manifest';
import { API_GROUP, API_VERSION } from '../protocol/names';
import { objectSchema, RESOURCE_KINDS, ResourceKind } from '../protocol/resources';
import { openApi } from '../protocol/schema/render';

/**
 * The definitions of all kinds, sorted by name. They are cluster-scoped, and the same for every platform but for the labels.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/
 */
export function customResourceDefinitions(platform: string, labels: Readonly<Record<string, string>> = {}): Manifest[] {
  return RESOURCE_KINDS.map((kind) => definition(kind, platform, labels));
}

function definition(kind: ResourceKind, platform: string, labels: Readonly<Record<string, string>>): Manifest {
  const { plural, singular, shortNames, scope, status, printerColumns } = kind;
  const base = metadata({ platform, part: 'definitions', name: `${plural}.${API_GROUP}` });
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { ...base, labels: { ...base.labels, ...labels } },
    spec: {
      group: API_GROUP,
      names: { kind: kind.kind, listKind: `${kind.kind}List`, plural, singular, shortNames: [...shortNames] },
      scope,
      versions: [{
        name: API_VERSION,
        served: true,
        storage: true,
        schema: { openAPIV3Schema: openApi(objectSchema(kind)) },
        ...(status === undefined ? {} : { subresources: { status: {} } }),
        additionalPrinterColumns: printerColumns.map((column) => ({ ...column })),
      }],
    },
  };
}
