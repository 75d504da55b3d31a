import { growOne } from "../trials/growing-inputs.js";
import { soak } from "./rounds.js";

soak("a hostile text costs time in proportion to its length, whatever it repeats", growOne);
