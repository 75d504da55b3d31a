// Draws pictures for the process that started it, which holds its stdin and stdout.
import { drawAsAsked } from "../dist/tools/media/picture-worker.js";

drawAsAsked(process.stdin, process.stdout);
