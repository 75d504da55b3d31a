// Both digests of the files named, on all cores, by the code that hashes a vault.
import { measureFiles } from "../../dist/vault/check/measure.js";

const measured = await measureFiles(process.argv.slice(2), false, () => {});
const problems = measured.filter((file) => "problem" in file || file.sha512 === null);
if (problems.length > 0) throw new Error(JSON.stringify(problems));
