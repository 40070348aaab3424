import type { World } from './operator-deps';
import type { TemplateSpecs } from '../../../src/protocol/run-template';

/** The templates that the operator knows, by name. */
export function specsOf(world: Pick<World, 'template' | 'clusterTemplate'>): TemplateSpecs {
  return { own: (namespace, name) => world.template(namespace, name), cluster: (name) => world.clusterTemplate(name) };
}
