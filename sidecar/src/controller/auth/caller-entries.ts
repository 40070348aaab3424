import type { ControllerCaller } from './caller';
import { namespaceName, objectName } from '../../../../src/protocol/resources/common';
import { schema } from '../../../../src/protocol/schema/types';
import { problemsOf } from '../../../../src/protocol/schema/validate';
import type { ControllerCallerEntry } from '../../../../src/protocol/session-pools';
import { InputError } from '../../server/files/input-error';
import { jsonOfFile } from '../../server/files/json-of-file';
import { hiddenProblem, tokenProblem } from '../../server/files/secret-entries';
import { isFields } from '../../server/text/fields';

const MAX_CALLERS = 1000;
const MAX_NAMESPACES = 1000;

const leave = {
  onBehalf: { type: 'boolean' },
  namespaces: { 'type': 'array', 'maxItems': MAX_NAMESPACES, 'x-kubernetes-list-type': 'set', 'items': namespaceName },
} as const;

const callerEntry = schema({ type: 'object', properties: leave });

const tokenEntry = schema({
  type: 'object',
  required: ['namespace', 'serviceAccount'],
  properties: { namespace: namespaceName, serviceAccount: objectName, ...leave },
});

/** `namespace/serviceAccount` to what it may do. Nothing in the file is secret, so messages name the account. */
export function accountsIn(file: string, text: string): ReadonlyMap<string, ControllerCaller> {
  return new Map(entriesIn(file, text, 'namespace/serviceAccount').map(([account, value]) => {
    const [namespace = '', serviceAccount = '', ...rest] = account.split('/');
    const named = rest.length > 0 ? ['must be namespace/serviceAccount'] : problemsWithName(namespace, serviceAccount);
    const [problem] = [...named, ...problemsOf(callerEntry, value, '')];
    if (problem !== undefined) throw new InputError(`${file}, ${JSON.stringify(account.slice(0, 80))}: ${problem}`);
    return [account, callerOf(namespace, serviceAccount, value as ControllerCallerEntry)];
  }));
}

/** Tokens and whose they are. Messages count entries instead of naming them: their names are the tokens. */
export function tokensIn(file: string, text: string): [token: string, caller: ControllerCaller][] {
  return entriesIn(file, text, 'token').map(([token, value], index) => {
    const problem = tokenProblem(token) ?? hiddenProblem(tokenEntry, value);
    if (problem !== undefined) throw new InputError(`${file}, caller ${index + 1}: ${problem}`);
    const { namespace, serviceAccount, ...entry } = value as ControllerCallerEntry & { namespace: string; serviceAccount: string };
    return [token, callerOf(namespace, serviceAccount, entry)];
  });
}

function callerOf(
  namespace: string, serviceAccount: string, { onBehalf = false, namespaces = [namespace] }: ControllerCallerEntry,
): ControllerCaller {
  return { namespace, serviceAccount, onBehalf, namespaces: new Set(namespaces) };
}

function problemsWithName(namespace: string, serviceAccount: string): string[] {
  return [...problemsOf(namespaceName, namespace, 'namespace'), ...problemsOf(objectName, serviceAccount, 'serviceAccount')];
}

function entriesIn(file: string, text: string, key: string): [string, unknown][] {
  const callers = jsonOfFile(file, text);
  if (!isFields(callers)) throw new InputError(`${file}: must be a JSON object, ${key} to what it may do`);
  const entries = Object.entries(callers);
  if (entries.length > MAX_CALLERS) throw new InputError(`${file}: has more than ${MAX_CALLERS} callers`);
  return entries;
}
