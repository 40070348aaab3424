import type { IncomingHttpHeaders } from 'node:http';
import type { RunName } from './authorize';
import type { Caller } from './caller';
import { namespaceName } from './catalog/namespace-name';
import { refuse } from './refuse';
import { Capability, RUN_HEADER, RUN_NAMESPACE_HEADER } from '../../../src/protocol/broker-api';
import { labelName } from '../../../src/protocol/resources/common';
import type { StringSchema } from '../../../src/protocol/schema/types';
import { problemsOf } from '../../../src/protocol/schema/validate';

/** The run that a request is about. Another namespace than the caller's is only for callers with the capability. */
export function runNameOf(headers: IncomingHttpHeaders, caller: Caller, capability: Capability): RunName {
  const name = named(headers, RUN_HEADER, labelName);
  if (name === undefined) throw refuse('BadRequest', `header ${RUN_HEADER} is required`);
  const namespace = named(headers, RUN_NAMESPACE_HEADER, namespaceName) ?? caller.namespace;
  if (namespace !== caller.namespace && !caller.capabilities.has(capability)) {
    throw refuse('BadRequest', `header ${RUN_NAMESPACE_HEADER} must be the caller's own namespace`);
  }
  return { namespace, name };
}

/** The server refuses a request with either header twice, so there is one value or none. */
function named(headers: IncomingHttpHeaders, header: string, form: StringSchema): string | undefined {
  const value = headers[header] as string | undefined;
  if (value !== undefined && problemsOf(form, value, '').length > 0) throw refuse('BadRequest', `header ${header} must be the name of a Kubernetes object`);
  return value;
}
