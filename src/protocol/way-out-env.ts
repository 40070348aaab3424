import { PATHS } from './paths';
import { PORTS } from './ports';
import { CA_VARIABLES } from './reserved-env';
import { CA_BUNDLE } from './session-api';

type Environment = Readonly<Record<string, string>>;

/** The pod's own loopback, which never goes through the proxy. */
const LOOPBACK = 'localhost,127.0.0.1,::1';

/** Java asks for no Basic credentials before a tunnel, unless it is let: https://docs.oracle.com/en/java/javase/21/core/networking-properties.html */
const JAVA_OPTIONS = '-Djdk.http.auth.tunneling.disabledSchemes=';

/**
 * How programs of a session or run find the way out, and whom they trust there. The token is in the address, as programs
 * send it by themselves so; it is worth nothing from another pod. `user` is the id of the session, or the name of the run.
 */
export function wayOutEnvironment(proxyUrl: string, user: string, token: string): Environment {
  const url = new URL(proxyUrl);
  url.username = user;
  url.password = token;
  // Without the slash, which some programs take for a path.
  const proxy = url.href.replace(/\/$/, '');
  const bundle = `${PATHS.trust}/${CA_BUNDLE}`;
  // The proxy leads nobody to itself, so programs must go to its base URL directly. In the list, addresses have no brackets.
  const noProxy = `${LOOPBACK},${url.hostname.replace(/^\[(.*)\]$/, '$1')}`;
  return {
    ...inBothCases({ HTTPS_PROXY: proxy, HTTP_PROXY: proxy, NO_PROXY: noProxy }),
    ...Object.fromEntries(CA_VARIABLES.filter((name) => name !== 'SSL_CERT_DIR').map((name) => [name, bundle])),
    NODE_USE_ENV_PROXY: '1',
    JAVA_TOOL_OPTIONS: JAVA_OPTIONS,
    // For clients that have a setting for the base URL and none for a proxy. It has no token: they show a surrogate.
    EGRESS_BASE_URL: `http://${url.hostname}:${PORTS['egress-base-url']}`,
  };
}

/** Programs differ in which one they read. */
function inBothCases(variables: Environment): Environment {
  return Object.fromEntries(Object.entries(variables).flatMap(([name, value]) => [[name, value], [name.toLowerCase(), value]]));
}
