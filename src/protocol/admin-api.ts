/** Paths of the admin port of every role. */
export const ADMIN_PATHS = {
  /** 200 while the process works at all. */
  live: '/livez',
  /** 200 while requests can be answered, else 503 with the reason. */
  ready: '/readyz',
  /** Prometheus text format. */
  metrics: '/metrics',
} as const;
