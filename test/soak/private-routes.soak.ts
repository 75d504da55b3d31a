import { temporaryFolder } from "../support/vaults.js";
import {
  inward,
  leadBothWays,
  leadUnlocked,
  openInside,
  outward,
  pagesInward,
} from "../trials/private-routes.js";
import { soak } from "./rounds.js";

soak(
  "by every way a page that leads inside finds nobody, and one that leads outside is captured",
  async () => {
    const folder = temporaryFolder();
    const inside = await openInside(folder.path);
    try {
      const led = await leadBothWays(inside, inward, outward);
      return { ...led, ...(await leadUnlocked(inside, pagesInward)) };
    } finally {
      await inside.close();
      folder.remove();
    }
  },
);
