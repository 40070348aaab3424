import type { EnvVar } from 'kubernetes-types/core/v1';

/** Kubernetes expands `$(NAME)` in values and commands and reads `$$` as `$`; doubling keeps the user's text as it is. */
export function literal(text: string): string {
  return text.replaceAll('$', '$$$$');
}

/** The user's variables. What the platform sets comes after them and wins. */
export function userEnv(env: Readonly<Record<string, string>>): EnvVar[] {
  return Object.keys(env).sort().map((name) => ({ name, value: literal(env[name]) }));
}
