import type { IncomingHttpHeaders } from 'node:http';
import type { Endpoint } from './authorize';
import type { Caller } from './caller';
import { RUN_HEADER, RUN_NAMESPACE_HEADER, RUN_UID_HEADER } from '../../../../src/protocol/broker-api';
import { labelName, namespaceName } from '../../../../src/protocol/resources/common';
import type { RunName } from '../catalog/run-name';
import { refuse } from '../refuse';

/** Endpoints whose body may say on whose behalf a caller with the capability asks, in place of the headers. */
const SUBJECT_IN_BODY: ReadonlySet<Endpoint> = new Set<Endpoint>(['issue', 'issue-egress', 'revoke', 'validate-egress', 'substitute-auth']);

const RUN = formOf(labelName);
const NAMESPACE = formOf(namespaceName);

/** The run that the headers name; undefined when the body may say it. Another namespace than the caller's is only for callers with the capability. */
export function runNameOf(headers: IncomingHttpHeaders, caller: Caller, endpoint: Endpoint): RunName | undefined {
  const mayAct = caller.capabilities.has(endpoint);
  const name = named(headers, RUN_HEADER, RUN);
  const namespace = named(headers, RUN_NAMESPACE_HEADER, NAMESPACE) ?? caller.namespace;
  if (name === undefined) {
    const isInBody = headers[RUN_NAMESPACE_HEADER] === undefined && headers[RUN_UID_HEADER] === undefined;
    if (mayAct && SUBJECT_IN_BODY.has(endpoint) && isInBody) return undefined;
    throw refuse('BadRequest', `header ${RUN_HEADER} is required`);
  }
  if (namespace !== caller.namespace && !mayAct) throw refuse('BadRequest', `header ${RUN_NAMESPACE_HEADER} must be the caller's own namespace`);
  // Its form does not matter: it is compared, and nowhere shown.
  const uid = headers[RUN_UID_HEADER] as string | undefined;
  return { namespace, name, ...(uid === undefined ? {} : { uid }) };
}

/** The server refuses a request with either header twice, so there is one value or none. */
function named(headers: IncomingHttpHeaders, header: string, hasForm: (value: string) => boolean): string | undefined {
  const value = headers[header] as string | undefined;
  if (value !== undefined && !hasForm(value)) throw refuse('BadRequest', `header ${header} must be the name of a Kubernetes object`);
  return value;
}

/** Asked for each request, so not through the validator. The patterns are of ASCII only, where characters and UTF-16 units are the same. */
function formOf({ pattern, maxLength }: { readonly pattern: string; readonly maxLength: number }): (value: string) => boolean {
  const form = new RegExp(pattern);
  return (value) => value.length <= maxLength && form.test(value);
}
