import { parentPort } from "node:worker_threads";
import { openDatabaseForReading } from "../database.js";
import { vaultLayout } from "../layout.js";
import { auditIndex, type LinesTask } from "./index-tables.js";

/** What the thread is asked: the vault, and the file in which its database was opened. */
export interface IndexTask {
  readonly root: string;
  readonly file: string;
  readonly lines: LinesTask;
}

parentPort?.once("message", ({ root, file, lines }: IndexTask) => {
  const database = openDatabaseForReading(file);
  try {
    database.exec("BEGIN");
    parentPort?.postMessage(auditIndex(vaultLayout(root), database, lines));
  } finally {
    database.close();
  }
});
