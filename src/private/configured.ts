import { createHash } from 'node:crypto';
import { PodTemplate } from '../manifests/workload';
import { ANNOTATIONS } from '../protocol/names';

/** The template of pods that read their configuration once: another configuration makes other pods. */
export function configured({ metadata, spec }: PodTemplate, config: string): PodTemplate {
  return { metadata: { ...metadata, annotations: { [ANNOTATIONS.config]: hashOf(config) } }, spec };
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
