import type { Visit } from "./site.ts";
import { clipBytes } from "./site-files.ts";

/** A clip of which a site keeps the end back: whoever asks for it is at work on it until `release` is called. */
export interface HeldClip {
  readonly serve: (visit: Visit) => void;
  /** Resolves when it was asked for. */
  readonly asked: Promise<void>;
  readonly release: () => void;
}

/** `name` as in the site's folder of clips. */
export function heldClip(name: string): HeldClip {
  let [tellAsked, release] = [() => {}, () => {}];
  const asked = new Promise<void>((resolve) => {
    tellAsked = resolve;
  });
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const serve = ({ clips, response }: Visit): void => {
    const body = clipBytes(clips, name);
    let sent = Math.floor(body.length / 2);
    response.writeHead(200, { "content-type": "video/mp4", "content-length": String(body.length) });
    response.write(body.subarray(0, sent));
    // A byte now and then, so that nobody gives it up.
    const timer = setInterval(() => {
      if (sent + 1 >= body.length) return;
      response.write(body.subarray(sent, sent + 1));
      sent += 1;
    }, 500);
    response.on("close", () => clearInterval(timer));
    void released.then(() => {
      clearInterval(timer);
      response.end(body.subarray(sent));
    });
    tellAsked();
  };
  return { serve, asked, release };
}
