// @ts-check
import { down, LabError } from './lab.js';

try {
  await down(process.argv.slice(2), { say: console.log });
} catch (error) {
  if (!(error instanceof LabError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
