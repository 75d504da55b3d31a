import { afterAll, test } from "vitest";
import { chromium } from "../support/page-visits.js";
import { temporaryFolder } from "../support/vaults.js";
import { killPage } from "../trials/killed-page.js";
import { soak } from "./rounds.js";

const folder = temporaryFolder();
afterAll(() => folder.remove());

const claim = "kill -9 at any moment of taking a page loses no page that was acknowledged";
if (chromium === null) test.skip(claim);
else soak(claim, (round) => killPage(50, round, folder.path));
