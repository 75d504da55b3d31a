import { expect, it } from "vitest";
import { cutPageFiles } from "../../src/capture/page-cut.js";
import { temporaryFolder } from "../support/vaults.js";

it("a record of a page's requests that the disk does not give back is an error of the page, and ends no command", async () => {
  const folder = temporaryFolder();
  try {
    await expect(cutPageFiles(folder.path, ["page.warc.gz"], [], [])).rejects.toThrow("ENOENT");
  } finally {
    folder.remove();
  }
});
