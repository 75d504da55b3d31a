import { join } from "node:path";
import { pageFolder, publicationFolder } from "../../audit/inventory.js";
import type { CaptureRecord, DerivationRecord } from "../../core/capture/record.js";
import type { PublicationRecord } from "../../core/media/publication.js";
import type { PageRecord } from "../../core/page/page-record.js";
import { isRefusal, readQuietly } from "../digest-file.js";
import type { VaultLayout } from "../layout.js";
import type { RecordReader } from "./rows.js";

/**
 * Reads records from the objects of a vault, for the index. `onRefusal` is called for each that the system would not
 * let us read.
 */
export function recordReader(layout: VaultLayout, onRefusal: () => void = () => undefined): RecordReader {
  const read = (path: string): unknown => {
    try {
      return JSON.parse(readQuietly(join(layout.root, path)).toString("utf8"));
    } catch (error) {
      if (isRefusal(error)) onRefusal();
      return null;
    }
  };
  return {
    record: (object) => {
      const value = read(`${object}/v1/content/record.json`);
      return isRecordLike(value) ? value : null;
    },
    derivation: (object, version) => {
      const value = read(`${object}/${version}/content/derived/derivation.json`);
      return isDerivationLike(value) ? value : null;
    },
    publication: (object, version) => {
      const value = read(`${object}/${version}/content/${publicationFolder(version)}/publication.json`);
      return isPublicationLike(value) ? value : null;
    },
    page: (object, version) => {
      const value = read(`${object}/${version}/content/${pageFolder(version)}/page.json`);
      return isPageLike(value) ? value : null;
    },
  };
}

function isRecordLike(value: unknown): value is CaptureRecord {
  return (
    typeof value === "object" &&
    value !== null &&
    "files" in value &&
    Array.isArray(value.files) &&
    "source" in value
  );
}

function isDerivationLike(value: unknown): value is DerivationRecord {
  return typeof value === "object" && value !== null && "duration" in value && "keyframes" in value;
}

function isPageLike(value: unknown): value is PageRecord {
  return typeof value === "object" && value !== null && "files" in value && Array.isArray(value.files);
}

function isPublicationLike(value: unknown): value is PublicationRecord {
  return typeof value === "object" && value !== null && "files" in value && Array.isArray(value.files);
}
