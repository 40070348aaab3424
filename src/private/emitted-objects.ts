import { ApiObject } from 'cdk8s';
import { IConstruct } from 'constructs';
import { unpacked } from '../manifests/lists';

/** An object as a cluster gets it, and the construct that it comes from. */
export interface EmittedBy {
  readonly source: ApiObject;
  readonly object: any;
}

/**
 * Every object of the app, also of other charts; lists are the objects in them. All are rendered,
 * because patches and lazy values may change kind and namespace as well as anything else.
 */
export function emittedObjects(scope: IConstruct): EmittedBy[] {
  return scope.node.root.node.findAll()
    .filter((construct): construct is ApiObject => ApiObject.isApiObject(construct))
    .flatMap((source) => unpacked(source.toJson()).map((object) => ({ source, object })));
}
