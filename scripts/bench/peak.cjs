// Loaded into the process that is measured: writes the most memory it had resident, in kilobytes, as it ends. Not
// `process.resourceUsage().maxRSS`: Linux hands that on across `execve`, so it has what the parent had in it. VmHWM is that
// of the program alone (proc_pid_status(5)).
const { readFileSync, writeFileSync } = require('node:fs');

process.once('exit', () => {
  const [, peak = ''] = readFileSync('/proc/self/status', 'utf8').match(/^VmHWM:\s+(\d+) kB$/m) ?? [];
  writeFileSync(process.env.BENCH_PEAK ?? '', peak);
});
