// @ts-check
import { LabError, up } from './lab.js';

const args = process.argv.slice(2);
const asJson = args.includes('--json');
const names = args.filter((arg) => arg !== '--json');
try {
  // Progress goes to stderr, so that `eval "$(lab/up)"` sets the variables.
  const report = await up(names.length ? names : ['engine', 'registry'], { say: console.error });
  if (asJson) {
    console.log(JSON.stringify(report));
  } else {
    for (const [name, value] of Object.entries(report.environment)) console.log(`export ${name}='${value}'`);
  }
} catch (error) {
  if (!(error instanceof LabError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
