import { parentPort } from "node:worker_threads";
import { openDatabaseForReading } from "../database.js";
import { vaultLayout } from "../layout.js";
import { auditLines, type IndexCheck, type LinesInThread } from "./lines.js";

parentPort?.once("message", async ([root, file, lines, indexModule]: LinesInThread) => {
  const { indexCheck }: { readonly indexCheck: IndexCheck } = await import(indexModule);
  const database = openDatabaseForReading(file);
  try {
    database.exec("BEGIN");
    parentPort?.postMessage(auditLines(vaultLayout(root), database, lines, indexCheck.openIndexAudit));
  } finally {
    database.close();
  }
});
