import { join } from "node:path";
import { defineConfig } from "vitest/config";

/** Where tests start programs: ffmpeg, ssh-keygen, a shell, holdfast as a process of its own. Every other file starts none. */
const startPrograms = [
  "audit/{allowed-signers,browser,digest,entry,merkle,ssh-key,sshsig,time-stamp}.test.ts",
  "batch/{batch,batch-pages,downloader,fetched-lists,kill,reduced,rows-left-out,workbooks}.test.ts",
  "capture/*.test.ts",
  "cli/{completion,man-page,output,start,which-vault}.test.ts",
  "core/package/key-lines.test.ts",
  "damage/{forger,log-tamper,package,package-disk,package-proofs,spoilt-media,stolen-keys}.test.ts",
  "documents/{docs,golden}.test.ts",
  "end-to-end/{canary,clock,commands,confined-disk,disk-faults,kill,killed-ingest,killed-page,other-user,several-writers,synced-together,turns,unasked-connections,waits,weak-disk}.test.ts",
  "handover/{export-command,export-redaction,export,package-bag,redact-preview,redact-proof,redact-times,redact-vault,redact,report,report-russian,vault-pages}.test.ts",
  "hostile/{bombs,database,package-unpackers,pages,private-routes,programs,text}.test.ts",
  "seal/*.test.ts",
  "search/{find,round-trip}.test.ts",
  "tools/browser/*.test.ts",
  "tools/download/{abilities,handlers,impersonation,kept-yt-dlp-child,kept-yt-dlp,network-faults,resume,yt-dlp-faults,yt-dlp-jail,yt-dlp}.test.ts",
  "tools/media/{clip-pass,corpus-keyframes,keyframes,options,picture,readings}.test.ts",
  "tools/network/{guarded-request,wayback}.test.ts",
  "tools/run/{desktop,jail,module-content,programs}.test.ts",
  "upkeep/{doctor,rebuild,setup-dependencies,setup-packages,setup-runtime,setup-sqlite,setup-yt-dlp,setup,withdraw}.test.ts",
  "vault/{checkpoints,crash,durability,page-version}.test.ts",
  "vault/check/vault.test.ts",
  "vault/package/archive.test.ts",
  "verify/{entry-list,file,finding-answers,second-opinion,sender-words,unread,verify-sh,verify-sh-programs,verify-sh-tools,interop}.test.ts",
];

/** Of those, the tests that replace a module: each needs a process of its own, whose modules nobody else has loaded. */
const replaceModules = [
  "batch/{batch,downloader}.test.ts",
  "capture/archive.test.ts",
  "tools/media/options.test.ts",
];

/** To load what was built takes a fraction of what it takes to transform each source. `watch` is about changes of sources. */
const built = process.argv.includes("run")
  ? {
      resolve: {
        alias: [
          { find: /^(?:\.\.\/)+src\/(.+)\.[jt]s$/, replacement: join(import.meta.dirname, "../dist/$1.js") },
        ],
      },
    }
  : {};

export default defineConfig({
  cacheDir: "../node_modules/.vite",
  test: {
    root: import.meta.dirname,
    globalSetup: "support/isolation.ts",
    testTimeout: 300_000,
    hookTimeout: 300_000,
    server: { deps: { external: [/\/dist\//] } },
    projects: [
      {
        extends: true,
        ...built,
        test: {
          name: "fast",
          // They never wait, so that more of them than processors would only load everything once more.
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
          include: ["**/*.test.ts"],
          exclude: startPrograms,
          setupFiles: ["support/new-machine.ts", "support/no-programs.ts"],
          isolate: false,
        },
      },
      {
        extends: true,
        ...built,
        test: {
          name: "programs",
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
          include: startPrograms,
          exclude: replaceModules,
          setupFiles: "support/new-machine.ts",
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: "replaced",
          include: replaceModules,
          setupFiles: "support/new-machine.ts",
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
