import { KubeError } from './kube-error';
import type { ObjectMeta } from './object-meta';
import { isFields } from '../server/text/fields';

/** What is there, without its content: https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches */
export const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

export interface MetadataPage {
  readonly items: readonly ObjectMeta[];
  /** Where the next page begins; undefined on the last one. */
  readonly continue?: string;
  /** Milliseconds since 1970 at which the API server answered, by its own clock; undefined when it does not say. */
  readonly time?: number;
}

/** Reads a page, whose items are for the caller to check. `date` is the header of the answer. */
export function metadataPageOf(body: unknown, date: string | undefined): MetadataPage {
  const list = isFields(body) ? body : {};
  // In this form, a list of nothing has null.
  const items = list.items === null ? [] : list.items;
  if (!isFields(list.metadata) || !Array.isArray(items)) throw new KubeError('Unavailable', 'the answer is not a list of Kubernetes');
  const { continue: next } = list.metadata;
  const time = Date.parse(date ?? '');
  return {
    items: items.map(metadataOf),
    ...(typeof next === 'string' && next !== '' ? { continue: next } : {}),
    ...(Number.isNaN(time) ? {} : { time }),
  };
}

function metadataOf(item: unknown): ObjectMeta {
  const metadata = isFields(item) ? item.metadata : undefined;
  if (!isFields(metadata) || typeof metadata.name !== 'string') throw new KubeError('Unavailable', 'the answer has what is no object of Kubernetes');
  return metadata as unknown as ObjectMeta;
}
