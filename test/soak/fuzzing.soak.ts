import { fuzzAll } from "../trials/fuzzing.js";
import { soak } from "./rounds.js";

soak("whatever somebody else wrote is read or refused, and what was read is written the same again", fuzzAll);
