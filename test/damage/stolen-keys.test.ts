import { stolenKeyClaims } from "../trials/stolen-keys.js";

stolenKeyClaims("a sample");
