/** Loaded into a measured process before its program: says what the process has used when it is asked to. */
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send!({ cpuMicros: user + system, rssBytes: process.memoryUsage.rss(), peakBytes: process.resourceUsage().maxRSS * 1024 });
});
