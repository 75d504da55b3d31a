// Draws pictures for the process that started it and is connected to its stdin and stdout.
import { drawAsAsked } from "../dist/tools/media/picture-worker.js";

drawAsAsked(process.stdin, process.stdout);
