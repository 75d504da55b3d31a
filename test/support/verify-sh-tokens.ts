import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The part of verify.sh that looks at one time-stamp, run by itself. */
const script = readFileSync(join(import.meta.dirname, "../../schemas/package/verify.sh"), "utf8");
const [part = ""] =
  /# A token counts as read[\s\S]*?(?=\n# What each time-stamp must be over)/.exec(script) ?? [];
const shell = `LC_ALL=C TZ=UTC0 work=$1 && export LC_ALL TZ work
roots=$work/roots part=$work/part store='' no_stamps=''
digest() { sum=$(sha256sum < "$1"); printf '%s' "\${sum%% *}"; }
${part}
printf '%s 1 %s\\n' "$work/token" "$work/data" | examine_tokens`;

let count = 0;

/** Where it says that a response over these bytes leads: `named` for one of the roots; and its time, and what read it. */
export function examinedByScript(
  folder: string,
  response: Uint8Array,
  data: Uint8Array,
  roots: readonly string[],
): { readonly state: string; readonly time: string; readonly form: string } {
  count += 1;
  const work = join(folder, `examined-${count}`);
  mkdirSync(join(work, "empty"), { recursive: true });
  writeFileSync(join(work, "token"), response);
  writeFileSync(join(work, "data"), data);
  writeFileSync(join(work, "roots"), roots.join("\n"));
  const said = execFileSync("sh", ["-c", shell, "sh", work], { encoding: "utf8" });
  const [, state = "", , time = "", form = ""] = said.trim().split(" ");
  return { state, time, form };
}
