import "./equal-bytes.js";
import { goToNewMachine } from "./machines.js";

// Files of tests share a process, and vaults of theirs an id.
goToNewMachine();
