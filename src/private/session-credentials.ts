import type { IHarnessTemplate } from '../harness-template-ref';
import { SESSION_ENV } from '../protocol/env';
import { ENV_NAME_PATTERN, isReservedEnv } from '../protocol/reserved-env';
import { resolveTemplate } from '../protocol/resources/template-defaults';
import { MAX_POOL_CREDENTIALS } from '../protocol/session-pools';
import type { WorkerPoolProps } from '../worker-pool-props';
import { problems } from './validation';

type CredentialProps = Pick<WorkerPoolProps, 'credentials' | 'template' | 'env' | 'namespace'>;

/** Names of the credentials that sessions of a pool get, in the order in which they are asked for. Without a way out surrogates are of no use. */
export function sessionCredentials({ credentials, template, namespace }: CredentialProps): string[] {
  return namespace._hasEgress ? [...credentials ?? requiredBy(template) ?? []] : [];
}

/** What is wrong with them. A name that the template does not require would end every creation of a session. */
export function sessionCredentialProblems(props: CredentialProps): string[] {
  const { credentials, template, env = {}, namespace } = props;
  if (credentials !== undefined && template === undefined) return ['credentials need a template, whose policies grant them'];
  if (credentials !== undefined && !namespace._hasEgress) return ['credentials have no effect on a platform without an egress proxy'];
  const names = sessionCredentials(props);
  const required = requiredBy(template);
  return [
    ...problems(
      names.length <= MAX_POOL_CREDENTIALS ? undefined : `credentials must be at most ${MAX_POOL_CREDENTIALS}, got ${names.length}`,
      new Set(names).size === names.length ? undefined : `credentials must be different, got ${shown(names)}`,
    ),
    ...names.flatMap((name) => problems(nameProblem(name))),
    ...names.filter((name) => required?.includes(name) === false)
      .map((name) => `credentials must be required by the template '${template!.templateName}', which requires ${shown(required!)}, got '${name}'`),
    ...names.filter((name) => Object.hasOwn(env, name)).map((name) => `env '${name}' is a credential of the pool's sessions and may not be set here`),
  ];
}

/** Of all templates that it is made of; undefined when one of them is made elsewhere. */
function requiredBy(template: IHarnessTemplate | undefined): string[] | undefined {
  if (template?._spec === undefined || (template._base !== undefined && template._base._spec === undefined)) return undefined;
  return (resolveTemplate(template._spec, template._base?._spec).requires?.credentials ?? []).map(({ name }) => name);
}

function nameProblem(name: string): string | undefined {
  if (!new RegExp(ENV_NAME_PATTERN).test(name)) return `credentials must be letters, digits and '_', not starting with a digit, got ${JSON.stringify(name)}`;
  return isReservedEnv(name) || Object.hasOwn(SESSION_ENV, name) ? `credentials must not be variables that the platform sets, got '${name}'` : undefined;
}

function shown(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.map((name) => `'${name}'`).join(', ');
}
